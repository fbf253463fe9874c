"""UBL's namespaces and identifiers, and one way to add an element."""

from decimal import Decimal

from lxml import etree

Element = etree._Element  # noqa: SLF001 - lxml has no public name for its element type

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
APPLICATION_RESPONSE = "urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
PREFIXES = {CAC: "cac", CBC: "cbc"}

BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
BILLING_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
REMINDER = f"{BILLING}#conformant#urn:fdc:anskaffelser.no:2019:ehf:reminder:3.0"
REMINDER_PROCESS = "urn:fdc:anskaffelser.no:2019:ehf:postaward:g3:06:1.0"


def group(parent: Element, name: str) -> Element:
    """Add an aggregate (cac) and return it."""
    return etree.SubElement(parent, f"{{{CAC}}}{name}")


def value(parent: Element, name: str, text: object, **attributes: str) -> None:
    """Add a basic element (cbc), unless there is nothing to say (R008 forbids empty elements)."""
    if text is None or text == "":
        return
    etree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = text if isinstance(text, str) else str(text)


def number(parent: Element, name: str, amount: Decimal | None, **attributes: str) -> None:
    """Add a decimal, never in exponent form; attributes are `currencyID` or `unitCode`."""
    if amount is not None:
        value(parent, name, format(amount, "f"), **attributes)


def identifier(parent: Element, name: str, scheme_and_id: str | None) -> None:
    """Add an identifier given as `scheme:id`."""
    if scheme_and_id:
        scheme, _, bare = scheme_and_id.partition(":")
        value(parent, name, bare, schemeID=scheme)
