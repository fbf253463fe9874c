"""What can go wrong when the hub is asked, told apart by what the caller should do about it.

`Passing` errors (`Unreachable`, `Busy`, `NotTheHub`) say nothing about the request: the same may be sent again.
`Refusal` is the hub's own word on this request: sent again unchanged, it gets the same answer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, for a bookkeeper, in Norwegian (`nb`) and English (`en`).

    `type` is a stable URI; `field` is the caller's own field (`lines[0].vat.rate`), `rule` the official rule's id.
    """

    type: str
    nb: str
    en: str
    field: str | None = None
    rule: str | None = None

    @property
    def code(self) -> str:
        """The last part of the type: `duplicate-number`."""
        return self.type.rpartition(":")[2].rpartition("/")[2]

    def told(self, language: str) -> str:
        """Return the sentence in a language (`nb`, else English)."""
        return self.nb if language == "nb" else self.en


class HubError(Exception):
    """The hub gave no answer that can be worked with. `nb` and `en` say what is wrong and what to do."""

    def __init__(self, nb: str, en: str) -> None:
        super().__init__(en)
        self.nb = nb
        self.en = en

    def told(self, language: str) -> str:
        """Return the sentence in a language (`nb`, else English)."""
        return self.nb if language == "nb" else self.en


class Passing(HubError):
    """It says nothing about the request, which may be sent again as it is. `retry_after`: seconds asked for."""

    retry_after: float | None = None


class Unreachable(Passing):
    """No answer came, so that nobody knows whether the hub got the request. `step` says how far it came."""

    def __init__(self, step: str, nb: str, en: str) -> None:
        super().__init__(nb, en)
        self.step = step


class NotTheHub(Passing):
    """Something else answered: a proxy that wants a password, a sign-in page, another web site."""

    def __init__(self, status: int, url: str) -> None:
        super().__init__(
            f"Svaret fra {url} (HTTP {status}) kommer ikke fra meldingssentralen. Er adressen riktig, og slipper en "
            "proxy eller brannmur trafikken gjennom?",
            f"The answer from {url} (HTTP {status}) is not the hub's. Is the address right, and does a proxy or "
            "firewall let the traffic through?",
        )
        self.status = status


class Busy(Passing):
    """The hub cannot answer now (429 or 5xx)."""

    def __init__(self, status: int, retry_after: float | None, nb: str, en: str) -> None:
        super().__init__(nb, en)
        self.status = status
        self.retry_after = retry_after


class Refusal(HubError):
    """Problem details (RFC 9457): the hub says no to this request. `findings` holds everything that is wrong."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.body = body
        self.status = status
        self.type = str(body.get("type", "about:blank"))
        en = str(body.get("detail") or body.get("title") or f"HTTP {status}")
        super().__init__(str(body.get("detail_nb") or en), en)
        self.findings = tuple(_findings(body)) or (Finding(self.type, self.nb, self.en, _text(body.get("field"))),)

    @property
    def code(self) -> str:
        """The last part of the type: `duplicate-number`."""
        return self.findings[0].code if self.type == "about:blank" else Finding(self.type, "", "").code


class Unauthorized(Refusal):
    """401: the key is missing, unknown, expired or revoked."""


class Forbidden(Refusal):
    """403: the key lacks a scope, or the install may not act for the company."""


class NotFound(Refusal):
    """404: there is no such thing, or the key may not see it."""


class Conflict(Refusal):
    """409: it does not go with what is there already."""

    @property
    def transaction_id(self) -> UUID | None:
        """The transaction that stands in the way, if the hub may name it."""
        # A member of its own where the hub gives one; its sentence names it in any case.
        given = self.body.get("transaction_id")
        found = re.search(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", str(given or self.en))
        return UUID(found[0]) if found else None


_BY_STATUS = {401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict}


def refusal(status: int, body: Mapping[str, Any]) -> Refusal:
    """Return the problem details as the error of their status."""
    return _BY_STATUS.get(status, Refusal)(status, body)


def finding(told: Mapping[str, Any]) -> Finding:
    """Read a finding as the hub shows it; what it does not know is left empty."""
    en = str(told.get("en") or told.get("detail") or told.get("type") or "")
    return Finding(
        type=str(told.get("type", "")),
        nb=str(told.get("nb") or en),
        en=en,
        field=_text(told.get("field")),
        rule=_text(told.get("rule")),
    )


def _findings(body: Mapping[str, Any]) -> Sequence[Finding]:
    errors = body.get("errors")
    return [finding(one) for one in errors if isinstance(one, Mapping)] if isinstance(errors, Sequence) else []


def _text(value: object) -> str | None:
    return None if value is None else str(value)
