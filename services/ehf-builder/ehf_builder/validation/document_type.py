"""Which kind of document it is, by root element and CustomizationID; what is not supported is refused by name."""

import re
from dataclasses import dataclass

from lxml import etree

from hub.ubl import APPLICATION_RESPONSE, BILLING, BILLING_PROCESS, CAC, CBC, CREDIT_NOTE, INVOICE, Element
from hub.xml import UnreadableError

RULE = "HUB-DOCUMENT-TYPE"
_INVOICE, _CREDIT_NOTE = f"{{{INVOICE}}}Invoice", f"{{{CREDIT_NOTE}}}CreditNote"
_RESPONSE = f"{{{APPLICATION_RESPONSE}}}ApplicationResponse"
_EHF, _G3 = "urn:fdc:anskaffelser.no:2019:ehf", "urn:fdc:anskaffelser.no:2019:ehf:postaward:g3"
_FORWARD = f"{BILLING}#conformant#{_EHF}:forward-billing:3.0"
_INVOICE_RESPONSE = "urn:fdc:peppol.eu:poacc:bis:invoice_response:3"
# By root element and CustomizationID: the kind, the Peppol process and the version of UBL.
_KNOWN = {
    (_INVOICE, BILLING): ("invoice", BILLING_PROCESS, "2.1"),
    (_CREDIT_NOTE, BILLING): ("creditnote", BILLING_PROCESS, "2.1"),
    (_INVOICE, f"{BILLING}#conformant#{_EHF}:reminder:3.0"): ("reminder", f"{_G3}:06:1.0", "2.2"),
    (_INVOICE, f"{_EHF}:spec:payment-request:3.0"): ("payment_request", f"{_G3}:07:1.0", "2.2"),
    (_INVOICE, _FORWARD): ("forward_billing", f"{_G3}:08:1.0", "2.2"),
    (_CREDIT_NOTE, _FORWARD): ("forward_billing", f"{_G3}:08:1.0", "2.2"),
    (_RESPONSE, "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"): ("invoice_response", _INVOICE_RESPONSE, "2.1"),
    (_RESPONSE, "urn:peppol:edec:mls:1.0"): ("mls", "urn:peppol:edec:mls", "2.1"),
}
_USE_BILLING = (
    "Send den som EHF Fakturering 3.0 (Peppol BIS Billing 3).",
    "Send it as EHF Billing 3.0 (Peppol BIS Billing 3).",
)


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A supported document. `kind` names its stylesheets in a rule set, `ubl` the version whose schema it follows.

    `document_type_id` and `process_id` are the Peppol identifiers without their schemes (busdox-docid-qns,
    cenbii-procid-ubl); `sender_country` is the seller's (BT-40), which the envelope states.
    """

    kind: str
    document_type_id: str
    process_id: str
    sender_country: str
    ubl: str = "2.1"


def recognise(root: Element) -> DocumentType:
    """Tell what the document is; raises UnreadableError with name and remedy for all that is not supported.

    A UBL invoice without any CustomizationID is judged as billing, so that the rules name what is missing.
    """
    customization = " ".join((root.findtext(f"{{{CBC}}}CustomizationID") or "").split())
    billing = root.tag in (_INVOICE, _CREDIT_NOTE)
    if billing and not customization:
        customization = BILLING
    known = _KNOWN.get((root.tag, customization))
    if known is None:
        raise _unsupported((_ubl_name if billing else _foreign_name)(root, customization))
    kind, process, ubl = known
    name = etree.QName(root)
    return DocumentType(
        kind=kind,
        document_type_id=f"{name.namespace}::{name.localname}##{customization}::{ubl}",
        process_id=process,
        sender_country=_seller_country(root),
        ubl=ubl,
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
        ("ehf:reminder", "EHF Reminder i en annen utgave enn 3.0"),
        ("ehf:forward-billing", "EHF Forward Billing i en annen utgave enn 3.0"),
        ("payment-request", "EHF Payment Request i en annen utgave enn 3.0"),
        ("xrechnung", "XRechnung"),
        ("selfbilling", "Peppol BIS Self-Billing 3"),
        ("pint", "Peppol PINT"),
        ("OIOUBL", "OIOUBL"),
    ):
        if marker.lower() in customization.lower():
            return name, name.replace("i en annen utgave enn", "in another version than"), "EHF" not in name
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
