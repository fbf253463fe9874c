"""What every command shares: which hub, who asks, JSON or tables, and errors that say what to do."""

import asyncio
import getpass
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson
import typer

from hub.auth import Actor
from hub.ops.cli.client import Answer, CommandError, Hub
from hub.ops.cli.tables import errors, facts, out

T = TypeVar("T")
COULD_NOT = 2


@dataclass(slots=True)
class Session:
    """The options that stand before the command."""

    data: Path
    actor: str
    as_json: bool

    @property
    def hub(self) -> Hub:
        """The hub that is spoken to; exits where there is none."""
        try:
            return Hub.find(self.data, os.environ, Actor(name=self.actor, role="operator"))
        except CommandError as error:
            tell(str(error))
            raise typer.Exit(COULD_NOT) from error

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it; says why it cannot be done, and exits with 1 (refused) or 2 (could not ask)."""
        try:
            return asyncio.run(work)
        except CommandError as error:
            tell(str(error))
            raise typer.Exit(1 if error.status else COULD_NOT) from error

    def everywhere(self, path: str) -> dict[str, Answer]:
        """Return each service's answer; says which did not answer, because their rows are missing."""
        found, failed = self.run(self.hub.everywhere(path))
        for told in failed:
            tell(told)
        if not found:
            raise typer.Exit(COULD_NOT)
        return found

    def show(self, content: Answer) -> None:
        """Print all there is of one thing."""
        if not self.printed(content):
            facts(content)

    def printed(self, content: Any) -> bool:
        """Print the content as JSON, if that is asked for."""
        if self.as_json:
            out.print(orjson.dumps(content).decode(), markup=False, highlight=False, soft_wrap=True)
        return self.as_json


def session_of(context: typer.Context) -> Session:
    """Return the session of a command."""
    session: Session = context.obj
    return session


def system_user() -> str:
    """Return who is logged in, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def tell(told: str) -> None:
    """Print to the error output."""
    errors.print(told, style="red", markup=False, highlight=False)
