"""`python -m router`."""

from hub.runner import run
from router.app import build

run(build)
