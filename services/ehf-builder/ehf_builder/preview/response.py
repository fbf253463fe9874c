"""An Invoice Response or a message level status as a page: what was answered, to which document, and why."""

from ehf_builder.preview.blocks import party
from ehf_builder.preview.parts import Fact, Page, Row, Table
from ehf_builder.preview.ubl import every, first, text
from ehf_builder.preview.words import Words
from hub.ubl import Element

# UNCL4343 as Invoice Response and MLS use it.
_CODES = {
    "AB": ("Mottatt", "Received"),
    "IP": ("Under behandling", "In process"),
    "UQ": ("Under avklaring", "Under query"),
    "CA": ("Godkjent med forbehold", "Conditionally accepted"),
    "RE": ("Avvist", "Rejected"),
    "AP": ("Godkjent", "Accepted"),
    "PD": ("Betalt", "Paid"),
}


def page(root: Element, words: Words) -> Page:
    """Show the answer with its reasons and what is asked for."""
    kind = "mls" if ":mls:" in text(root, "cbc:CustomizationID") else "invoice_response"
    answer = first(root, "cac:DocumentResponse")
    code = text(answer, "cac:Response/cbc:ResponseCode")
    return Page(
        language=words.language,
        title=f"{words[kind]} {text(root, 'cbc:ID')}",
        sender=party(words["sender"], first(root, "cac:SenderParty"), words),
        recipient=party(words["receiver"], first(root, "cac:ReceiverParty"), words),
        facts=_facts(root, words),
        notes=[note for note in (text(answer, "cac:Response/cbc:Description"), text(root, "cbc:Note")) if note],
        table=_reasons(answer, words),
        totals=[(words["status"], named(code, words))] if code else [],
        page_words=(words["page"], words["of"]),
    )


def named(code: str, words: Words) -> str:
    """Name a response code, with the code itself."""
    known = _CODES.get(code)
    return f"{known[0 if words.language == 'nb' else 1]} ({code})" if known else code


def _facts(root: Element, words: Words) -> list[Fact]:
    facts = [
        (words["date"], words.day(text(root, "cbc:IssueDate"))),
        (words["document"], text(root, "cac:DocumentResponse/cac:DocumentReference/cbc:ID")),
    ]
    return [fact for fact in facts if fact[1]]


def _reasons(answer: Element | None, words: Words) -> Table | None:
    if answer is None:
        return None
    rows = []
    for line in every(answer, "cac:LineResponse"):  # an MLS: where, and what
        said = [text(each, "cbc:Description") for each in every(line, "cac:Response")]
        rows.append(Row([text(line, "cac:LineReference/cbc:LineID"), "\n".join(said)]))
    for status in every(answer, "cac:Response/cac:Status"):
        reason = text(status, "cbc:StatusReason")
        conditions = [
            f"{text(condition, 'cbc:AttributeID')}: {text(condition, 'cbc:Description')}"
            for condition in every(status, "cac:Condition")
        ]
        rows.append(Row([text(status, "cbc:StatusReasonCode"), reason], conditions))
    return Table("", [words["reason"], words["action"]], rows, numbers=2) if rows else None
