"""What a preview says, in Norwegian (bokmål) and English, and how numbers and dates are written."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

Language = Literal["nb", "en"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "invoice": ("Faktura", "Invoice"),
    "credit_note": ("Kreditnota", "Credit note"),
    "reminder": ("Purring", "Reminder"),
    "payment_request": ("Betalingsanmodning", "Payment request"),
    "forward_billing": ("Viderefakturering", "Forward billing"),
    "invoice_response": ("Svar på faktura", "Invoice response"),
    "mls": ("Leveringskvittering", "Message level status"),
    "seller": ("Selger", "Seller"),
    "buyer": ("Kjøper", "Buyer"),
    "sender": ("Avsender", "Sender"),
    "receiver": ("Mottaker", "Receiver"),
    "payee": ("Betalingsmottaker", "Payee"),
    "delivery": ("Leveringssted", "Delivered to"),
    "organisation_number": ("Org.nr.", "Org. no."),
    "vat_number": ("MVA-nr.", "VAT no."),
    "issue_date": ("Fakturadato", "Invoice date"),
    "date": ("Dato", "Date"),
    "due_date": ("Forfallsdato", "Due date"),
    "delivery_date": ("Leveringsdato", "Delivery date"),
    "period": ("Periode", "Period"),
    "customer_number": ("Kundenr.", "Customer no."),
    "buyer_reference": ("Deres referanse", "Your reference"),
    "order": ("Deres bestillingsnr.", "Your order no."),
    "sales_order": ("Vårt ordrenr.", "Our order no."),
    "contract": ("Kontrakt", "Contract"),
    "project": ("Prosjekt", "Project"),
    "despatch": ("Pakkseddel", "Despatch advice"),
    "object": ("Gjelder", "Concerns"),
    "accounting_cost": ("Kontering", "Accounting reference"),
    "credits": ("Gjelder faktura", "Concerns invoice"),
    "text": ("Beskrivelse", "Description"),
    "quantity": ("Antall", "Quantity"),
    "price": ("Pris", "Price"),
    "vat": ("Mva.", "VAT"),
    "amount": ("Beløp", "Amount"),
    "item": ("Varenr.", "Item no."),
    "order_line": ("Bestillingslinje", "Order line"),
    "allowance": ("Rabatt", "Allowance"),
    "charge": ("Tillegg", "Charge"),
    "per": ("per", "per"),
    "basis": ("Grunnlag", "Basis"),
    "vat_table": ("Merverdiavgift", "Value added tax"),
    "vat_in_nok": ("Mva. i NOK", "VAT in NOK"),
    "line_net": ("Sum linjer", "Sum of lines"),
    "without_vat": ("Sum uten mva.", "Total without VAT"),
    "with_vat": ("Sum med mva.", "Total with VAT"),
    "prepaid": ("Forhåndsbetalt", "Prepaid"),
    "rounding": ("Øreavrunding", "Rounding"),
    "payable": ("Å betale", "Amount due"),
    "credited": ("Til gode", "Amount credited"),
    "payment": ("Betaling", "Payment"),
    "account": ("Kontonummer", "Account"),
    "kid": ("KID", "KID"),
    "payment_reference": ("Merkes med", "Payment reference"),
    "terms": ("Betalingsbetingelser", "Payment terms"),
    "attachments": ("Vedlegg", "Attachments"),
    "contact": ("Kontakt", "Contact"),
    "page": ("Side", "Page"),
    "of": ("av", "of"),
    "status": ("Status", "Status"),
    "document": ("Dokument", "Document"),
    "reason": ("Begrunnelse", "Reason"),
    "action": ("Ønsket handling", "Requested action"),
}
# Categories of UNCL5305 as the VAT table names them; S speaks by its rate.
_CATEGORIES: Mapping[str, tuple[str, str]] = {
    "Z": ("Fritatt", "Zero rated"),
    "E": ("Unntatt", "Exempt"),
    "AE": ("Omvendt avgiftsplikt", "Reverse charge"),
    "G": ("Utførsel", "Export"),
    "K": ("EU-handel", "Intra-community"),
    "O": ("Utenfor mva.", "Outside VAT"),
}
_UNITS: Mapping[str, tuple[str, str]] = {
    "C62": ("stk", "pcs"),
    "EA": ("stk", "pcs"),
    "H87": ("stk", "pcs"),
    "NAR": ("stk", "pcs"),
    "HUR": ("t", "h"),
    "MIN": ("min", "min"),
    "DAY": ("dag", "day"),
    "WEE": ("uke", "week"),
    "MON": ("md.", "month"),
    "ANN": ("år", "year"),
    "KGM": ("kg", "kg"),
    "GRM": ("g", "g"),
    "TNE": ("tonn", "t"),
    "LTR": ("l", "l"),
    "MTR": ("m", "m"),
    "KMT": ("km", "km"),
    "MTK": ("m²", "m²"),
    "MTQ": ("m³", "m³"),
    "KWH": ("kWh", "kWh"),
    "SET": ("sett", "set"),
    "XPK": ("pakke", "package"),
    "XBX": ("eske", "box"),
    "PR": ("par", "pair"),
}


class Words:
    """Words, numbers and dates of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._index = 0 if language == "nb" else 1

    def __getitem__(self, word: str) -> str:
        return _WORDS[word][self._index]

    def unit(self, code: str) -> str:
        """Name a unit (UN/ECE Rec. 20); the code itself where it is not a common one."""
        return _UNITS[code][self._index] if code in _UNITS else code

    def category(self, code: str, percent: str | None) -> str:
        """Name a VAT category: by its rate, or in a word."""
        known = _CATEGORIES.get(code)
        return known[self._index] if known else f"{self.number(percent or '0')} %"

    def number(self, text: str) -> str:
        """Write a number with all the decimals that it has; what is none stays as it is."""
        value = _decimal(text)
        if value is None:
            return text
        whole = format(value, ",f")
        return self._punctuated(whole.rstrip("0").rstrip(".") if "." in whole else whole)

    def money(self, text: str) -> str:
        """Write an amount with two decimals."""
        value = _decimal(text)
        return text if value is None else self._punctuated(format(value, ",.2f"))

    def price(self, text: str) -> str:
        """Write a price with two decimals, or as many more as it has."""
        value = _decimal(text)
        exponent = value.normalize().as_tuple().exponent if value is not None else 0
        return self.number(text) if isinstance(exponent, int) and exponent < -2 else self.money(text)

    def day(self, text: str) -> str:
        """Write an ISO date as people do."""
        try:
            value = date.fromisoformat(text[:10])
        except ValueError:
            return text
        return value.strftime("%d.%m.%Y" if self.language == "nb" else "%d %b %Y")

    def _punctuated(self, plain: str) -> str:
        plain = plain.replace("-", "\u2212")
        if self.language == "en":
            return plain
        return plain.replace(",", "\u00a0").replace(".", ",")


def grouped(identifier: str) -> str:
    """Write an account as banks do: 1506.99.00019, or an IBAN in groups of four."""
    compact = "".join(identifier.split())
    if len(compact) == 11 and compact.isdigit():
        return f"{compact[:4]}.{compact[4:6]}.{compact[6:]}"
    if compact[:2].isalpha():
        return "\u00a0".join(compact[start : start + 4] for start in range(0, len(compact), 4))
    return identifier


def spaced(number: str) -> str:
    """Write an organisation number in groups of three."""
    if len(number) != 9 or not number.isdigit():
        return number
    return "\u00a0".join((number[:3], number[3:6], number[6:]))


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < Decimal(10) ** 20 else None
