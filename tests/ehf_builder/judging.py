"""Builds and judges a JSON invoice, with short ways to ask what came of it."""

import json
from typing import Any

from lxml import etree

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.verdict import BuiltVerdict
from hub.parties import CustomerEntry, RegisterEntry
from hub.ubl import CAC, CBC, CREDIT_NOTE, INVOICE
from tests.ehf_builder.invoices import SELLER, TODAY

NAMES = {"i": INVOICE, "c": CREDIT_NOTE, "cac": CAC, "cbc": CBC}


class Judged:
    """A built invoice, with short ways to ask about it."""

    def __init__(self, built: BuiltVerdict) -> None:
        self.built = built

    @property
    def valid(self) -> bool:
        return self.built.verdict.valid

    @property
    def findings(self) -> set[tuple[str, str | None]]:
        return {(finding.rule, finding.field) for finding in self.built.verdict.findings}

    def texts(self, path: str) -> list[str]:
        assert self.built.document is not None
        found: Any = etree.fromstring(self.built.document).xpath(f"{path}/text()", namespaces=NAMES)
        return [str(text) for text in found]


def judge(
    engine: Engine, given: dict[str, Any], seller: RegisterEntry = SELLER, customer: CustomerEntry | None = None
) -> Judged:
    return Judged(engine.build(json.dumps(given).encode(), seller, customer, TODAY))
