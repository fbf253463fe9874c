"""The whole stack with two toy services, as `python -m hub run` would start it: `toy_stack.py FOLDER PORT`."""

import asyncio
import sys
from pathlib import Path

from hub.pipeline import Topic
from hub.stack.errors import StackError
from hub.stack.run import RunningStack, run_stack
from hub.stack.supervisor import ServiceSpec


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def serve(stack: RunningStack) -> None:
    say(f"serving {stack.local.database_url}")
    await asyncio.Event().wait()


def main(folder: str, port: str) -> None:
    toy = {"PYTHONPATH": str(Path(__file__).parent)}
    services = [ServiceSpec(f"toy-{n}", "toy_service", int(port) + n, toy) for n in range(2)]
    try:
        asyncio.run(run_stack(Path(folder), services, [Topic(name="toys")], then=serve, say=say, echo=_echo))
    except StackError as error:
        sys.exit(str(error))


def _echo(name: str, line: str) -> None:
    say(f"{name}: {line}")


if __name__ == "__main__":
    main(*sys.argv[1:])
