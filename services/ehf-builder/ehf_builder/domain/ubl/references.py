"""References and attachments (BT-11 to BT-18, BG-3, BG-24), in the order that the schema wants."""

from ehf_builder.domain.attached import content_type
from hub.invoice.model import Attachment, Invoice
from hub.ubl import Element, group, value

INVOICED_OBJECT = "130"
PROJECT = "50"


def write(root: Element, invoice: Invoice) -> None:
    """Write every reference to another document."""
    _order(root, invoice)
    for preceding in invoice.preceding:
        reference = group(group(root, "BillingReference"), "InvoiceDocumentReference")
        value(reference, "ID", preceding.number)
        value(reference, "IssueDate", preceding.issue_date)
    _reference(root, "DespatchDocumentReference", invoice.despatch_advice)
    _reference(root, "ReceiptDocumentReference", invoice.receiving_advice)
    if not invoice.credit_note:
        _reference(root, "OriginatorDocumentReference", invoice.tender_reference)
    _reference(root, "ContractDocumentReference", invoice.contract_reference)
    # The attachments first, so that their positions are the caller's own.
    for position, attachment in enumerate(invoice.attachments, start=1):
        _attachment(group(root, "AdditionalDocumentReference"), attachment, position)
    _reference(root, "AdditionalDocumentReference", invoice.object_id, INVOICED_OBJECT)
    if invoice.credit_note:  # where it has another place, and no ProjectReference
        _reference(root, "AdditionalDocumentReference", invoice.project_reference, PROJECT)
        _reference(root, "OriginatorDocumentReference", invoice.tender_reference)
    else:
        _reference(root, "ProjectReference", invoice.project_reference)


def _order(root: Element, invoice: Invoice) -> None:
    if invoice.order_reference or invoice.sales_order:
        order = group(root, "OrderReference")
        # UBL demands the ID; `NA` is what the specification says to write for a sales order alone.
        value(order, "ID", invoice.order_reference or "NA")
        value(order, "SalesOrderID", invoice.sales_order)


def _reference(root: Element, name: str, given: str | None, type_code: str | None = None) -> None:
    if given:
        reference = group(root, name)
        value(reference, "ID", given)
        value(reference, "DocumentTypeCode", type_code)


def _attachment(element: Element, given: Attachment, position: int) -> None:
    value(element, "ID", given.id or given.filename or str(position))
    value(element, "DocumentDescription", given.description)
    attachment = group(element, "Attachment")
    if given.content:
        names = {"mimeCode": content_type(given) or "", "filename": given.filename or ""}
        value(attachment, "EmbeddedDocumentBinaryObject", "".join(given.content.split()), **names)
    if given.url:
        value(group(attachment, "ExternalReference"), "URI", given.url)
