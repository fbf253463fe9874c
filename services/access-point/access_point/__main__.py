"""`python -m access_point` runs the service."""

from access_point.app import build
from hub.runner import run

run(build)
