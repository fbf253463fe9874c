"""The receipt beside each file: what became of every invoice in it, for the person who sent it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from hub_connector.client.errors import Finding
from hub_connector.intake.names import erp_name
from hub_connector.journal.rows import FAILED, REJECTED, WAITING, Event, File, Letter
from hub_connector.texts import Text, status_text

_TITLE = Text("Kvittering for {name}", "Receipt for {name}")
_TAKEN = Text("Hentet {time}", "Taken {time}")
_NOTHING_SENT = Text(
    "INGENTING ER SENDT. Rett feilen og legg fila i «{out}» på nytt.",
    "NOTHING WAS SENT. Correct it and put the file into `{out}` again.",
)
_KINDS = {
    "invoice": Text("Faktura", "Invoice"),
    "credit_note": Text("Kreditnota", "Credit note"),
    "reminder": Text("Purring", "Reminder"),
}
_DOCUMENT = Text("Dokument", "Document")
_COMPANY = Text("Firma", "Company")
_RECIPIENT = Text("Mottaker", "Recipient")
_TRANSACTION = Text("Transaksjon", "Transaction")
_WAITS = Text("Venter fordi:", "Waits because:")
_REPEATED = Text(
    "Meldingssentralen hadde den allerede; den er ikke sendt to ganger.",
    "The hub had it already; it was not sent twice.",
)
_AGAIN = Text("Rett feilen og legg fila i «{out}» på nytt.", "Correct it and put the file into `{out}` again.")
_CONFIRMED = Text("bekreftet av {who}", "confirmed by {who}")
_RULE = Text("regel {rule}", "rule {rule}")
_CHANNELS = {
    "peppol": Text("Peppol", "Peppol"),
    "ftp": Text("filoverføring", "file transfer"),
    "inbox": Text("innboks i meldingssentralen", "inbox in the hub"),
    "mail": Text("e-post", "e-mail"),
    "print": Text("utskrift", "print"),
}
_WIDTH = 22


class Receipts:
    """Writes receipts in one language; times are this machine's own."""

    def __init__(self, language: str, out: str, events: Callable[[Letter], Sequence[Event]]) -> None:
        self._language = language
        self._out = out
        self._events = events

    def receipt(self, file: File) -> str:
        """Return a file's receipt."""
        return "\n".join([*self._lines(file), ""])

    def _lines(self, file: File) -> Iterator[str]:
        yield self._say(_TITLE.of(name=file.name))
        yield self._say(_TAKEN.of(time=shown(file.taken_at)))
        if file.findings:
            yield ""
            yield self._say(_NOTHING_SENT.of(out=self._out))
            yield from self._findings(file.findings, None)
        for letter in file.letters:
            yield ""
            yield from self._letter(letter)

    def _letter(self, letter: Letter) -> Iterator[str]:
        kind = self._say(_KINDS.get(letter.document_type or "", _DOCUMENT))
        yield f"{kind} {letter.number or '?'}: {self._say(status_text(letter.status))}"
        events = self._events(letter)
        facts = (
            (_COMPANY, letter.client),
            (_RECIPIENT, next((str(one.entry["recipient"]) for one in events if "recipient" in one.entry), None)),
            (_TRANSACTION, letter.transaction_id),
        )
        for name, value in facts:
            if value:
                yield f"  {self._say(name)}: {value}"
        if letter.repeated:
            yield f"  {self._say(_REPEATED)}"
        if letter.status == WAITING and letter.findings:
            yield f"  {self._say(_WAITS)}"
        yield from self._findings(letter.findings, letter)
        if letter.status in FAILED - {"cancelled"}:
            yield f"  {self._say(_AGAIN.of(out=self._out))}"
        if letter.answered_at and letter.status != REJECTED:
            yield self._step(letter.answered_at, "accepted", "")
        for event in events:
            yield self._step(event.time, event.status, self._detail(event))

    def _step(self, time: datetime, status: str, detail: str) -> str:
        said = self._say(status_text(status)).capitalize()
        return f"  {shown(time):<{_WIDTH}}{said}{f' ({detail})' if detail else ''}"

    def _detail(self, event: Event) -> str:
        channel = event.entry.get("channel")
        told = [self._say(_CHANNELS.get(channel, Text(channel, channel)))] if channel else []
        receipt = event.entry.get("receipt") or {}
        if who := receipt.get("confirmed_by"):
            told.append(self._say(_CONFIRMED.of(who=who)))
        return ", ".join(told)

    def _findings(self, findings: Sequence[Finding], letter: Letter | None) -> Iterator[str]:
        for finding in findings:
            where = erp_name(letter.names, finding.field) if letter else finding.field
            rule = f" ({self._say(_RULE.of(rule=finding.rule))})" if finding.rule else ""
            yield f"  - {f'{where}: ' if where else ''}{finding.told(self._language)}{rule}"

    def _say(self, text: Text) -> str:
        return text.told(self._language)


def shown(time: datetime) -> str:
    """Write a time as people here do, in this machine's zone."""
    return time.astimezone().strftime("%d.%m.%Y %H:%M:%S")
