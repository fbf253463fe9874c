"""What the document refers to: the invoice that it credits, corrects or reminds of."""

from collections.abc import Iterator

from ehf_builder.domain.reminder import left_out
from hub.invoice.findings import Finding, own
from hub.invoice.model import Invoice


def found(invoice: Invoice) -> Iterator[Finding]:
    """Check that references and fee go with the kind of document."""
    if invoice.reminder:
        yield from _reminder(invoice)
        return
    for field, given in (("reminds", invoice.reminds), ("reminder_fee", invoice.reminder_fee)):
        if given:
            yield own(
                "HUB-REMINDER",
                field,
                "Feltet hører bare hjemme i en purring (type reminder). Fjern det.",
                "The field belongs in a reminder (type reminder) only. Remove it.",
            )
    if invoice.credit_note and not invoice.credits:
        yield own(
            "HUB-CREDITS",
            "credits",
            "Kreditnotaen sier ikke hvilken faktura den krediterer. Oppgi fakturaens nummer i credits.",
            "The credit note does not say which invoice it credits. Give the invoice's number in credits.",
            term="BG-3",
            fatal=False,
        )


def _reminder(invoice: Invoice) -> Iterator[Finding]:
    for field in left_out(invoice):
        yield own(
            "HUB-REMINDER",
            field,
            "EHF Reminder har ikke plass til dette feltet, så det utelates i purringen.",
            "EHF Reminder has no place for this field, so it is left out of the reminder.",
            fatal=False,
        )
    if not invoice.reminds:
        yield own(
            "HUB-REMINDER",
            "reminds",
            "En purring må vise til fakturaen den gjelder: oppgi nummeret i reminds.",
            "A reminder must refer to the invoice that it is about: give its number in reminds.",
            term="BG-3",
        )
    if invoice.credits:
        yield own(
            "HUB-REMINDER",
            "credits",
            "En purring krediterer ingenting. Bruk reminds for fakturaen den gjelder.",
            "A reminder credits nothing. Use reminds for the invoice that it is about.",
            term="BG-3",
        )
