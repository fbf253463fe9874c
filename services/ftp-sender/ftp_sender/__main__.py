"""`python -m ftp_sender`."""

from ftp_sender.app import build
from hub.runner import run

run(build)
