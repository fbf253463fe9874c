"""A service that only listens, with a worker of its own; TOY_FAILS makes it die at once."""

import json
import os
import signal
import socket
import subprocess
import sys

WORKER = """
import signal, sys, time
from hub.stack.launch import die_with_parent
die_with_parent(signal.SIGKILL, int(sys.argv[1]))
time.sleep(600)
"""


def log(**fields: object) -> None:
    sys.stderr.write(json.dumps(fields) + "\n")


def end(*_: object) -> None:
    log(event="ended")
    sys.exit(0)


if "TOY_FAILS" in os.environ:
    log(event="cannot work")
    sys.exit(3)
worker = subprocess.Popen([sys.executable, "-c", WORKER, str(os.getpid())])
signal.signal(signal.SIGTERM, signal.SIG_IGN if "TOY_IS_STUBBORN" in os.environ else end)
log(event="started", ordinal=os.environ["HUB_ORDINAL"], worker=worker.pid)
listener = socket.create_server(("127.0.0.1", int(os.environ["HUB_PORT"])))
while True:
    listener.accept()[0].close()
