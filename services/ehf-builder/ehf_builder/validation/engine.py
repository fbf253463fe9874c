"""Everything that judges, in one process and one thread; each worker of the pool holds one."""

from collections.abc import Callable
from datetime import date

from ehf_builder.domain.build import build
from ehf_builder.domain.fields import in_the_callers_words, not_said_yet
from ehf_builder.validation import practice
from ehf_builder.validation.document_type import recognise
from ehf_builder.validation.rules import Rules
from ehf_builder.validation.schema import Schema
from ehf_builder.validation.schematron import Schematron
from ehf_builder.validation.verdict import BuiltVerdict, Verdict
from hub.invoice.findings import Finding
from hub.parties import CustomerEntry, RegisterEntry
from hub.ubl import Element
from hub.xml import Limits, UnreadableError, parse


class Engine:
    """Parses, recognises and judges documents: limits, XSD, official rules.

    Make one per process; `warm` compiles the rules of a day, which else happens with the first document.
    """

    def __init__(self, rules: Rules, limits: Limits | None = None) -> None:
        self._rules = rules
        self._limits = limits or Limits()
        self._schemas: dict[str, Schema] = {}
        self._schematron = Schematron(rules.folder)

    def warm(self, today: date) -> None:
        """Compile the invoice stylesheets in force on that day (0.7 s); others come with their first document."""
        self._schema("2.1")
        for stylesheets in self._rules.in_force(today).stylesheets.values():
            self._schematron.warm(stylesheets)

    def validate(self, document: bytes, today: date, seller: RegisterEntry | None = None) -> Verdict:
        """Judge UBL bytes by the rules in force on that day, and warn of what Norwegian practice asks beyond them."""
        return self._judged(document, today, lambda root: practice.findings(root, seller))

    def _judged(self, document: bytes, today: date, beyond: Callable[[Element], tuple[Finding, ...]]) -> Verdict:
        try:
            root = parse(document, self._limits)
            document_type = recognise(root)
        except UnreadableError as error:
            return Verdict(self._rules.in_force(today).name, error=error.finding)
        rule_set = self._rules.in_force(today, document_type.kind)
        findings = self._schema(document_type.ubl).findings(root)
        if not findings:  # the rules presuppose the schema
            warnings = beyond(root)
            findings = (*self._schematron.findings(root, rule_set.stylesheets[document_type.kind]), *warnings)
        return Verdict(rule_set.name, findings, document_type=document_type)

    def _schema(self, ubl: str) -> Schema:
        """Load a version's schema (60 ms) when its first document comes."""
        if ubl not in self._schemas:
            self._schemas[ubl] = Schema(self._rules.folder, ubl)
        return self._schemas[ubl]

    def build(
        self, received: bytes, seller: RegisterEntry, customer: CustomerEntry | None, today: date
    ) -> BuiltVerdict:
        """Build UBL from a JSON invoice and judge both, with every finding in the caller's own fields."""
        built = build(received, seller, customer)
        if built.document is None:
            return BuiltVerdict(None, Verdict(self._rules.in_force(today).name, built.findings))
        judged = self._judged(built.document, today, lambda _: ())  # the JSON was checked for more
        official = in_the_callers_words(judged.findings, built.sources)
        findings = (*built.findings, *not_said_yet(official, built.findings))
        return BuiltVerdict(built.document, Verdict(judged.rule_set, findings, judged.error, judged.document_type))
