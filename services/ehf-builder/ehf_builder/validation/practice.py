"""What a Norwegian company's UBL should be as well, beyond the rules: warnings, for UBL is sent as it came.

The same checks refuse a JSON invoice (domain/checks). They speak of sellers in Norway only.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import cast

from ehf_builder.validation import paths
from hub import norway
from hub.invoice.findings import Finding, Severity
from hub.invoice.vat import rates_in_force
from hub.parties import RegisterEntry
from hub.ubl import CAC, CBC, Element

MOST_FINDINGS = 20
_NS = {"cac": CAC, "cbc": CBC}
_DAYS = (
    "cbc:IssueDate | cac:Delivery/cbc:ActualDeliveryDate | cac:InvoicePeriod/* | cac:BillingReference/*/cbc:IssueDate"
    " | cac:InvoiceLine/cac:InvoicePeriod/* | cac:CreditNoteLine/cac:InvoicePeriod/*"
)
_RATES = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory[normalize-space(cbc:ID) = 'S']/cbc:Percent"
_SELLER = "cac:AccountingSupplierParty/cac:Party/cac:PostalAddress/cac:Country/cbc:IdentificationCode"
_BUYER = "cac:AccountingCustomerParty//cbc:* | cbc:BuyerReference"


def findings(root: Element, seller: RegisterEntry | None = None) -> tuple[Finding, ...]:
    """List the first MOST_FINDINGS; with the seller's register entry the KID agreement is looked at too."""
    country = _texts(root, _SELLER)
    if country and country[0] != "NO":
        return ()
    found = [*_accounts(root), *_kids(root, seller), *_rates(root), *_vat_in_nok(root), *_identity(root)]
    return tuple(found[:MOST_FINDINGS])


def _accounts(root: Element) -> Iterator[Finding]:
    for element in _elements(root, "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"):
        account = "".join(_text(element).split()).replace(".", "")
        iban = account[:2].isalpha()
        if account and not (norway.is_iban(account) if iban else norway.is_account(account)):
            yield _warning(
                "HUB-ACCOUNT",
                element,
                f"{account[:40]} er verken et gyldig kontonummer (elleve siffer med kontrollsiffer) eller IBAN.",
                f"{account[:40]} is neither a valid account number (eleven digits with a check digit) nor an IBAN.",
                "BT-84",
            )


def _kids(root: Element, seller: RegisterEntry | None) -> Iterator[Finding]:
    """Compare digits only, as a PaymentID need not be a KID, and only with an agreement of the same account."""
    if seller is None or not seller.kid_agreements:
        return
    structures = [(each.length, each.modulus) for each in seller.kid_agreements]
    for means in _elements(root, "cac:PaymentMeans"):
        accounts = _texts(means, "cac:PayeeFinancialAccount/cbc:ID")
        for element in _elements(means, "cbc:PaymentID"):
            kid = _text(element)
            if seller.account in accounts and kid.isdigit() and not norway.fits(kid, structures):
                agreed = ", ".join(f"{length} (MOD{modulus})" for length, modulus in structures)
                yield _warning(
                    "HUB-KID",
                    element,
                    f"KID {kid[:30]} følger ikke selskapets KID-avtale. Avtalte lengder: {agreed}.",
                    f"The KID {kid[:30]} does not follow the company's KID agreement. Agreed lengths: {agreed}.",
                    "BT-83",
                )


def _rates(root: Element) -> Iterator[Finding]:
    allowed = rates_in_force(_days(_texts(root, _DAYS)))
    for element in _elements(root, _RATES):
        try:
            rate = Decimal(_text(element))
        except InvalidOperation:
            continue
        if rate not in allowed:
            rates = ", ".join(str(each) for each in allowed)
            yield _warning(
                "HUB-VAT",
                element,
                f"{rate} % er ikke en gyldig sats på denne datoen. Gyldige satser er {rates}.",
                f"{rate} % is not a rate on that day. The rates are {rates}.",
                "BT-119",
            )


def _days(texts: Iterable[str]) -> Iterator[date]:
    for text in texts:
        try:
            yield date.fromisoformat(text[:10])
        except ValueError:  # a description code of a period, or a date with a year of five digits
            continue


def _vat_in_nok(root: Element) -> Iterator[Finding]:
    """Bookkeeping regulation 5-1-1 no. 6: VAT in NOK too, where there is any."""
    currency = next(iter(_elements(root, "cbc:DocumentCurrencyCode")), None)
    if currency is None or _text(currency) == "NOK":
        return
    amounts = {element.get("currencyID"): _text(element) for element in _elements(root, "cac:TaxTotal/cbc:TaxAmount")}
    charged = any(character in "123456789" for character in amounts.get(_text(currency), ""))
    if charged and "NOK" not in amounts:
        yield _warning(
            "HUB-VAT-IN-NOK",
            currency,
            f"Fakturaen er i {_text(currency)[:3]}, men merverdiavgiften står ikke i norske kroner (BT-111).",
            f"The invoice is in {_text(currency)[:3]}, but its VAT is not given in NOK (BT-111).",
            "BT-111",
        )


def _identity(root: Element) -> Iterator[Finding]:
    for element in _elements(root, _BUYER):
        if norway.national_identity_numbers(_text(element)):
            yield _warning(
                "HUB-NATIONAL-ID",
                element,
                "Elementet ser ut til å inneholde et fødselsnummer, som ikke skal stå i en faktura.",
                "The element seems to hold a national identity number, which does not belong in an invoice.",
                None,
            )


def _elements(root: Element, path: str) -> list[Element]:
    return cast("list[Element]", root.xpath(path, namespaces=_NS))  # what the stubs cannot know of a path


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _texts(root: Element, path: str) -> list[str]:
    return [_text(element) for element in _elements(root, path)]


def _warning(rule: str, element: Element, nb: str, en: str, term: str | None) -> Finding:
    return Finding(
        rule,
        Severity.WARNING,
        text=en,
        nb=nb,
        en=en,
        location=paths.of_element(element),
        term=term,
        line=paths.line_of(element),
    )
