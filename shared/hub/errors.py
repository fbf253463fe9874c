"""The four kinds of failure that every service tells apart, and what a person is told of one.

Anything that is none of these is a bug: the message is parked at once and counted.
"""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

PROBLEM_PREFIX = "urn:sentral:problem:"


class Problem(BaseModel):
    """Why something was refused or failed, in words a bookkeeper understands.

    `code` makes the stable type URI; `nb` and `en` say what is wrong and what to do; `field` is the caller's own
    field (`lines[0].vat.rate`), `rule` the official rule's id (BR-CO-25), where there is one. Of a rule are told as
    well: its official wording (`text`), the business term (`term`, BT-9), and for a document that came as UBL the place
    where it failed: XPath (`location`) and line from 1 (`line`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    nb: str
    en: str
    field: str | None = None
    rule: str | None = None
    text: str | None = None
    term: str | None = None
    location: str | None = None
    line: int | None = None

    @property
    def type(self) -> str:
        """The RFC 9457 `type` of this problem."""
        return PROBLEM_PREFIX + self.code


class HubError(Exception):
    """Something that the hub expected might happen."""


class Refused(HubError):
    """Final: the sender is told. `transaction_id` is the transaction in its way, where the sender may know it."""

    def __init__(self, *problems: Problem, transaction_id: UUID | None = None) -> None:
        super().__init__("; ".join(problem.en for problem in problems))
        self.problems = problems
        self.transaction_id = transaction_id


class TryLater(HubError):
    """This one message cannot go on now; it is parked and tried again, and the others pass it."""

    def __init__(self, reason: str, *, after: timedelta | None = None, problem: Problem | None = None) -> None:
        super().__init__(reason)
        self.after = after
        self.problem = problem


class Unavailable(HubError):
    """The world is down (connection, broker, database, an open breaker): back off and park nothing."""

    def __init__(self, reason: str, *, problem: Problem | None = None) -> None:
        super().__init__(reason)
        self.problem = problem
