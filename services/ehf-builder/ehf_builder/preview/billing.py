"""Invoices, credit notes and their EHF relatives as a page."""

from ehf_builder.preview import lines, money
from ehf_builder.preview.blocks import address, party
from ehf_builder.preview.parts import Block, Fact, Page
from ehf_builder.preview.ubl import every, first, text, texts
from ehf_builder.preview.words import Words
from hub.ubl import Element

_KINDS = (("ehf:reminder", "reminder"), ("payment-request", "payment_request"), ("forward-billing", "forward_billing"))
_FACTS = (
    ("customer_number", "cac:AccountingCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"),
    ("buyer_reference", "cbc:BuyerReference"),
    ("order", "cac:OrderReference/cbc:ID[not(. = 'NA')]"),
    ("sales_order", "cac:OrderReference/cbc:SalesOrderID"),
    ("contract", "cac:ContractDocumentReference/cbc:ID"),
    ("project", "cac:ProjectReference/cbc:ID | cac:AdditionalDocumentReference[cbc:DocumentTypeCode = '50']/cbc:ID"),
    ("despatch", "cac:DespatchDocumentReference/cbc:ID"),
    ("object", "cac:AdditionalDocumentReference[cbc:DocumentTypeCode = '130']/cbc:ID"),
    ("accounting_cost", "cbc:AccountingCost"),
)


def page(root: Element, words: Words) -> Page:
    """Show what a sales document says (bookkeeping regulation 5-1-1), and what is needed to pay it."""
    kind = kind_of(root)
    attachments = _attachments(root)
    return Page(
        language=words.language,
        title=f"{words[kind]} {text(root, 'cbc:ID')}",
        sender=party(words["seller"], first(root, "cac:AccountingSupplierParty/cac:Party"), words),
        recipient=party(words["buyer"], first(root, "cac:AccountingCustomerParty/cac:Party"), words),
        others=_others(root, words),
        facts=_facts(root, words),
        notes=[paragraph for note in texts(root, "cbc:Note") for paragraph in note.splitlines() if paragraph.strip()],
        table=lines.table(root, words),
        totals=money.totals(root, words, credit_note=kind == "credit_note"),
        vat=money.vat(root, words),
        payment_title=words["payment"],
        payment=money.payment(root, words, credit_note=kind == "credit_note"),
        terms=text(root, "cac:PaymentTerms/cbc:Note"),
        attachments_title=words["attachments"] if attachments else "",
        attachments=attachments,
        footer=_footer(root),
        page_words=(words["page"], words["of"]),
    )


def kind_of(root: Element) -> str:
    """Name the kind of document by its customization and root."""
    customization = text(root, "cbc:CustomizationID")
    known = next((kind for marker, kind in _KINDS if marker in customization), None)
    return known or ("credit_note" if root.tag.endswith("}CreditNote") else "invoice")


def _facts(root: Element, words: Words) -> list[Fact]:
    due = text(root, "cbc:DueDate") or text(root, "cac:PaymentMeans/cbc:PaymentDueDate")
    dated = [
        ("issue_date", text(root, "cbc:IssueDate")),
        ("due_date", due),
        ("delivery_date", text(root, "cac:Delivery/cbc:ActualDeliveryDate")),
    ]
    facts = [(words[name], words.day(day)) for name, day in dated if day]
    if period := span(first(root, "cac:InvoicePeriod"), words):
        facts.append((words["period"], period))
    credited = texts(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID")
    if credited:
        facts.append((words["credits"], ", ".join(credited)))
    return facts + [(words[name], found) for name, path in _FACTS if (found := text(root, path))]


def span(period: Element | None, words: Words) -> str:
    """Write a period; empty where there is none."""
    days = [words.day(day) for day in (text(period, "cbc:StartDate"), text(period, "cbc:EndDate")) if day]
    return "\u2013".join(days)


def _others(root: Element, words: Words) -> list[Block]:
    found = []
    delivery = first(root, "cac:Delivery")
    if delivery is not None:
        place = address(first(delivery, "cac:DeliveryLocation/cac:Address"))
        name = text(delivery, "cac:DeliveryParty/cac:PartyName/cbc:Name")
        location = text(delivery, "cac:DeliveryLocation/cbc:ID")
        shown = [*place, *([location] if location else [])]
        if name or shown:
            found.append(Block(words["delivery"], name or shown[0], shown if name else shown[1:]))
    payee = first(root, "cac:PayeeParty")
    if payee is not None:
        found.append(party(words["payee"], payee, words))
    return found


def _attachments(root: Element) -> list[str]:
    """List files by name and description, and addresses; references to an object or project are facts."""
    found = []
    for reference in every(root, "cac:AdditionalDocumentReference[cac:Attachment]"):
        embedded = first(reference, "cac:Attachment/cbc:EmbeddedDocumentBinaryObject")
        name = embedded.get("filename", "") if embedded is not None else ""
        name = name or text(reference, "cac:Attachment/cac:ExternalReference/cbc:URI") or text(reference, "cbc:ID")
        description = text(reference, "cbc:DocumentDescription")
        found.append(f"{name} \u2013 {description}" if description else name)
    return found


def _footer(root: Element) -> str:
    seller = first(root, "cac:AccountingSupplierParty/cac:Party")
    names = [
        text(seller, "cac:PartyLegalEntity/cbc:RegistrationName"),
        text(seller, "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT']/cbc:CompanyID"),
    ]
    return " · ".join(name for name in names if name)
