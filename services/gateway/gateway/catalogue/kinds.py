"""What the catalogue says of one kind of problem."""

from dataclasses import dataclass
from typing import NamedTuple

from hub.errors import PROBLEM_PREFIX


class Words(NamedTuple):
    """The same in Norwegian (bokmål) and English."""

    nb: str
    en: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem. `status` is the HTTP status of an answer that it decides.

    None: it is told of a transaction (in its `problems`, timeline and feed) and decides no answer.
    """

    code: str
    status: int | None
    title: Words
    cause: Words
    remedy: Words

    @property
    def type(self) -> str:
        """The RFC 9457 `type`."""
        return PROBLEM_PREFIX + self.code
