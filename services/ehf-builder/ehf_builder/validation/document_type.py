"""Which kind of document it is, by root element and CustomizationID; what is not supported is refused by name."""

import re
from dataclasses import dataclass

from lxml import etree

from hub.ubl import BILLING, BILLING_PROCESS, CAC, CBC, CREDIT_NOTE, INVOICE, Element
from hub.xml import UnreadableError

RULE = "HUB-DOCUMENT-TYPE"
_UBL_ROOTS = {f"{{{INVOICE}}}Invoice": "invoice", f"{{{CREDIT_NOTE}}}CreditNote": "creditnote"}
_USE_BILLING = (
    "Send den som EHF Fakturering 3.0 (Peppol BIS Billing 3).",
    "Send it as EHF Billing 3.0 (Peppol BIS Billing 3).",
)


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A supported document. `kind` names its stylesheets in a rule set: `invoice` or `creditnote`.

    `document_type_id` and `process_id` are the Peppol identifiers without their schemes (busdox-docid-qns,
    cenbii-procid-ubl); `sender_country` is the seller's (BT-40), which the envelope states.
    """

    kind: str
    document_type_id: str
    process_id: str
    sender_country: str


def recognise(root: Element) -> DocumentType:
    """Tell what the document is; raises UnreadableError with name and remedy for all that is not BIS Billing 3.

    A UBL invoice without any CustomizationID is judged as billing, so that the rules name what is missing.
    """
    kind = _UBL_ROOTS.get(root.tag)
    customization = " ".join((root.findtext(f"{{{CBC}}}CustomizationID") or "").split())
    if kind is None:
        raise _unsupported(_foreign_name(root, customization))
    if customization not in ("", BILLING):
        raise _unsupported(_ubl_name(root, customization))
    name = etree.QName(root)
    return DocumentType(
        kind=kind,
        document_type_id=f"{name.namespace}::{name.localname}##{BILLING}::2.1",
        process_id=BILLING_PROCESS,
        sender_country=_seller_country(root),
    )


def _seller_country(root: Element) -> str:
    path = ["AccountingSupplierParty", "Party", "PostalAddress", "Country"]
    steps = "/".join(f"{{{CAC}}}{step}" for step in path)
    return (root.findtext(f"{steps}/{{{CBC}}}IdentificationCode") or "NO").strip()


def _ubl_name(root: Element, customization: str) -> tuple[str, str, bool]:
    """Name in Norwegian and English, and whether billing is the remedy."""
    if match := re.search(r"(?:difi\.no|erechnung|cenbii\.eu).*?ver(\d)\.(\d)", customization):
        version = re.search(r"difi\.no:ehf:\w+:ver(\d\.\d)", customization)
        number = version.group(1) if version else f"{match.group(1)}.{match.group(2)}"
        kind = "faktura" if root.tag.endswith("Invoice") else "kreditnota"
        return f"EHF {kind} {number}, som er utgått,", f"EHF {number}, which has been withdrawn,", True
    for marker, name in (
        ("ehf:reminder", "EHF Reminder 3.0"),
        ("ehf:forward-billing", "EHF Forward Billing 3.0"),
        ("payment-request", "EHF Payment Request 3.0"),
        ("xrechnung", "XRechnung"),
        ("selfbilling", "Peppol BIS Self-Billing 3"),
        ("pint", "Peppol PINT"),
        ("OIOUBL", "OIOUBL"),
    ):
        if marker.lower() in customization.lower():
            return name, name, not marker.startswith(("ehf", "payment"))
    return f"Dokumenttypen «{customization[:200]}»", f"The document type '{customization[:200]}'", True


def _foreign_name(root: Element, customization: str) -> tuple[str, str, bool]:
    name = etree.QName(root)
    namespace = name.namespace or ""
    if "e2b" in namespace.lower() or (name.localname == "Interchange" and root.find("{*}Invoice") is not None):
        return "e2b, som er utgått,", "e2b, which has been withdrawn,", True
    known = {
        "CrossIndustryInvoice": "UN/CEFACT Cross Industry Invoice",
        "BasicInvoice": "Svefaktura",
        "Finvoice": "Finvoice",
    }
    if name.localname in known:
        return known[name.localname], known[name.localname], True
    if name.localname == "StandardBusinessDocument":
        return (
            "En konvolutt (SBDH) rundt dokumentet",
            "An envelope (SBDH) around the document",
            True,
        )
    if name.localname == "ApplicationResponse":
        kind = "Invoice Response" if "invoice_response" in customization else "ApplicationResponse"
        return kind, kind, False
    label = f"{{{namespace}}}{name.localname}"[:200] if namespace else name.localname[:200]
    return f"Dokumenttypen «{label}»", f"The document type '{label}'", True


def _unsupported(described: tuple[str, str, bool]) -> UnreadableError:
    nb, en, billing = described
    remedy = _USE_BILLING if billing else ("", "")
    return UnreadableError(
        f"{nb} støttes ikke. {remedy[0]}".strip(), f"{en} is not supported. {remedy[1]}".strip(), rule=RULE
    )
