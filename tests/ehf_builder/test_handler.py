"""What the verdict means for the transaction: ready with its purposes, or refused with every finding."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from ehf_builder.handlers import BuilderHandler
from ehf_builder.validation.document_type import DocumentType
from ehf_builder.validation.verdict import BuiltVerdict, Verdict
from hub.errors import Unavailable
from hub.ids import uuid7
from hub.invoice.findings import Finding, Severity
from hub.messages import encode
from hub.parties import CustomerEntry, Initiator, RegisterEntry
from hub.pipeline import BlobRef, InvoiceReady, InvoiceRefused, InvoiceSubmitted, Parties, Purpose

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # already the 23rd in Oslo
SELLER = RegisterEntry(organisation_number="310000019", name="Selger AS")
KIND = DocumentType("invoice", "the type", "the process", "NO")
RECEIVED = BlobRef(key="310000019/r", sha256="r", size=1)
BUILT = BlobRef(key="310000019/b", sha256="b", size=1)


def finding(rule: str, severity: Severity = Severity.FATAL, nb: str = "Feil") -> Finding:
    return Finding(rule=rule, severity=severity, text=rule, nb=nb, en="Wrong", field="lines[0]")


class Judge:
    def __init__(self, verdict: Verdict, document: bytes | None = b"<Invoice/>") -> None:
        self.verdict = verdict
        self.document = document
        self.asked: list[date] = []

    async def validate(self, document: bytes, today: date, seller: RegisterEntry | None = None) -> Verdict:
        assert (document, seller) == (b"received", SELLER)
        self.asked.append(today)
        return self.verdict

    async def build(
        self, received: bytes, seller: RegisterEntry, customer: CustomerEntry | None, today: date
    ) -> BuiltVerdict:
        assert (received, seller, customer) == (b"received", SELLER, None)
        self.asked.append(today)
        return BuiltVerdict(self.document, self.verdict)


class Documents:
    def __init__(self) -> None:
        self.put_in: list[tuple[str, bytes]] = []

    async def get(self, ref: BlobRef) -> bytes:
        assert ref == RECEIVED
        return b"received"

    async def put(self, owner: str, data: bytes) -> BlobRef:
        self.put_in.append((owner, data))
        return BUILT


def submitted(media: str) -> InvoiceSubmitted:
    parties = Parties(
        client="310000019",
        initiator=Initiator(kind="client", organisation_number="310000019"),
        sender="0192:310000019",
        recipient="0192:310000027",
        number="1",
        document_type="invoice",
    )
    return InvoiceSubmitted.caused(
        uuid7(NOW), uuid4(), NOW, parties=parties, received=RECEIVED, media=media, register_version=7, seller=SELLER
    )


async def handle(judge: Judge, media: str, documents: Documents | None = None) -> InvoiceReady | InvoiceRefused:
    handler = BuilderHandler(judge, documents or Documents(), lambda: NOW)
    computed = await handler.compute(submitted(media))
    (event,) = await handler.write(None, [(submitted(media), computed)])  # type: ignore[arg-type]
    assert isinstance(event, InvoiceReady | InvoiceRefused)
    return event


async def test_ubl_is_sent_as_it_was_received() -> None:
    documents = Documents()
    event = await handle(Judge(Verdict("set", document_type=KIND)), "ubl", documents)
    assert isinstance(event, InvoiceReady)
    assert event.document == RECEIVED
    assert documents.put_in == []
    assert (event.rule_set, event.register_version) == ("set", 7)


async def test_what_was_built_is_kept_under_the_clients_number() -> None:
    documents = Documents()
    event = await handle(Judge(Verdict("set", document_type=KIND)), "json", documents)
    assert isinstance(event, InvoiceReady)
    assert event.document == BUILT
    assert documents.put_in == [("310000019", b"<Invoice/>")]
    assert set(event.purposes) == set(Purpose)


async def test_the_rules_are_those_of_the_day_in_oslo() -> None:
    judge = Judge(Verdict("set", document_type=KIND))
    await handle(judge, "ubl")
    assert judge.asked == [date(2026, 11, 23)]


async def test_warnings_never_stop_an_invoice_and_are_told() -> None:
    verdict = Verdict("set", (finding("NO-R-002", Severity.WARNING),), document_type=KIND)
    event = await handle(Judge(verdict), "ubl")
    assert isinstance(event, InvoiceReady)
    assert [warning.rule for warning in event.warnings] == ["NO-R-002"]


async def test_every_fatal_finding_is_told_at_once() -> None:
    verdict = Verdict("set", (finding("BR-01"), finding("BR-02")), document_type=KIND)
    event = await handle(Judge(verdict), "json")
    assert isinstance(event, InvoiceRefused)
    assert [problem.rule for problem in event.problems] == ["BR-01", "BR-02"]


async def test_who_sent_ubl_is_told_where_a_rule_failed_and_how_it_reads() -> None:
    found = Finding("BR-CO-15", Severity.FATAL, "[BR-CO-15]-Total", "Feil", "Wrong", "/Invoice", "BT-112", line=2)
    event = await handle(Judge(Verdict("set", (found,), document_type=KIND)), "ubl")
    assert isinstance(event, InvoiceRefused)
    (told,) = event.problems
    assert (told.rule, told.text, told.term) == ("BR-CO-15", "[BR-CO-15]-Total", "BT-112")
    assert (told.location, told.line) == ("/Invoice", 2)


async def test_a_private_buyers_invoice_is_ready_for_what_it_is_fit_for() -> None:
    verdict = Verdict("set", (finding("PEPPOL-EN16931-R010"),), document_type=KIND)
    event = await handle(Judge(verdict), "json")
    assert isinstance(event, InvoiceReady)
    assert event.purposes == (Purpose.DOCUMENT,)


async def test_what_could_not_be_judged_is_refused_with_the_reason() -> None:
    event = await handle(Judge(Verdict("set", error=finding("HUB-DOCUMENT-TYPE"))), "ubl")
    assert isinstance(event, InvoiceRefused)
    assert [problem.code for problem in event.problems] == ["document-type"]


async def test_thousands_of_findings_still_make_an_event_that_travels() -> None:
    long = replace(finding("BR-01"), nb="ø" * 5000, en="ø" * 5000, text="ø" * 5000, location="ø" * 5000, field=None)
    event = await handle(Judge(Verdict("set", (long,) * 3000, document_type=KIND)), "ubl")
    assert isinstance(event, InvoiceRefused)
    assert len(event.problems) > 10
    assert len(encode(event, "/test").body) < 200_000


async def test_a_blob_store_that_is_down_is_waited_for() -> None:
    class Down(Documents):
        async def get(self, ref: BlobRef) -> bytes:
            raise Unavailable(ref.key)

    with pytest.raises(Unavailable):
        await handle(Judge(Verdict("set")), "ubl", Down())
