"""A small UBL document with the parts that the door reads."""

from tests.gateway.world import ALFA, DELTA

_DOCUMENT = """<?xml version="1.0" encoding="{encoding}"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:ID>{number}</cbc:ID><cbc:IssueDate>{issue_date}</cbc:IssueDate><cbc:Note>{note}</cbc:Note>
 <cac:AccountingSupplierParty><cac:Party>{seller}</cac:Party></cac:AccountingSupplierParty>
 <cac:AccountingCustomerParty><cac:Party>{buyer}</cac:Party></cac:AccountingCustomerParty>
</{root}>"""


def endpoint(number: str, scheme: str = "0192") -> str:
    return f'<cbc:EndpointID schemeID="{scheme}">{number}</cbc:EndpointID>'


def legal(number: str) -> str:
    return f"<cac:PartyLegalEntity><cbc:CompanyID>{number}</cbc:CompanyID></cac:PartyLegalEntity>"


def ubl(
    seller: str = endpoint(ALFA) + legal(ALFA),
    buyer: str = endpoint(DELTA),
    *,
    root: str = "Invoice",
    number: str = "1001",
    issue_date: str = "2026-11-22",
    encoding: str = "UTF-8",
    note: str = "Blåbær",
) -> bytes:
    return _DOCUMENT.format(
        root=root, number=number, issue_date=issue_date, seller=seller, buyer=buyer, encoding=encoding, note=note
    ).encode(encoding)
