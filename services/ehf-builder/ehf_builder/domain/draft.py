"""The invoice with everything filled in that the caller may leave out, ready to be written as UBL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ehf_builder.domain.totals import Taxed, Totals, converted, priced, rounded, totals
from hub import norway
from hub.invoice.lines import Adjustment, Line, LineAdjustment
from hub.invoice.model import Invoice
from hub.invoice.parties import Contact
from hub.invoice.vat import NIL, TaxCategory, tax_category
from hub.parties import Address, CustomerEntry, RegisterEntry

DEFAULT_UNIT = "C62"  # one
NORWEGIAN = "0192"
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class DraftAdjustment:
    """An allowance or charge as written; `tax` is None on a line, which has its own."""

    charge: bool
    amount: Decimal
    reason: str | None
    reason_code: str | None
    tax: TaxCategory | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line as written; `source` is its index in the caller's JSON."""

    source: int
    line: Line
    quantity: Decimal
    price: Decimal
    base_quantity: Decimal | None
    net: Decimal
    tax: TaxCategory
    adjustments: tuple[DraftAdjustment, ...]
    note: str | None

    @property
    def unit(self) -> str:
        """BT-130."""
        return self.line.unit or DEFAULT_UNIT


@dataclass(frozen=True, slots=True)
class Recipient:
    """The buyer as far as invoice and customer register know it; identifiers are `scheme:id`."""

    endpoint: str | None
    legal: str | None
    name: str | None
    address: Address | None
    vat_number: str | None
    customer_number: str | None
    contact: Contact | None

    @property
    def abroad(self) -> bool:
        """Whether the buyer's address is outside Norway."""
        return self.address is not None and self.address.country != "NO"


@dataclass(frozen=True, slots=True)
class Draft:
    """What domain/ubl writes. Amounts are in the invoice's currency, `vat_in_nok` in NOK (BT-111)."""

    invoice: Invoice
    seller: RegisterEntry
    buyer: Recipient
    lines: tuple[DraftLine, ...]
    adjustments: tuple[DraftAdjustment, ...]
    totals: Totals
    vat_in_nok: Decimal | None
    note: str | None
    account: str | None

    @property
    def sources(self) -> tuple[int, ...]:
        """For each written line the index of the caller's line."""
        return tuple(line.source for line in self.lines)

    @property
    def buyer_reference(self) -> str | None:
        """BT-10; where neither it nor an order is given, the customer number identifies the buyer (R003)."""
        if self.invoice.buyer_reference or self.invoice.order_reference:
            return self.invoice.buyer_reference
        return self.buyer.customer_number


def draft(invoice: Invoice, seller: RegisterEntry, customer: CustomerEntry | None) -> Draft | None:
    """Fill in what the caller left out; None where amounts or VAT do not say enough to add up (checks.py says what)."""
    lines = _lines(invoice, registered=seller.vat_registered)
    if not lines:
        return None
    adjustments = _adjustments(invoice, [line.tax for line in lines], registered=seller.vat_registered)
    if adjustments is None:
        return None
    buyer = recipient(invoice, customer)
    sums = totals(
        [Taxed(line.net, line.tax) for line in lines],
        _taxed(adjustments, charge=False),
        _taxed(adjustments, charge=True),
        prepaid=invoice.prepaid or NIL,
        rounding=invoice.rounding or NIL,
    )
    return Draft(
        invoice=invoice,
        seller=seller,
        buyer=buyer,
        lines=lines,
        adjustments=adjustments,
        totals=sums,
        vat_in_nok=_vat_in_nok(invoice, sums),
        note=_joined([invoice.note, *_leading_texts(invoice)]),
        account=_account(invoice, seller, abroad=buyer.abroad),
    )


def recipient(invoice: Invoice, customer: CustomerEntry | None) -> Recipient:
    """Gather what is known of the buyer: the invoice first, then the customer register."""
    buyer = invoice.buyer
    norwegian = f"{NORWEGIAN}:{buyer.organisation_number}" if buyer.organisation_number else None
    endpoint = buyer.endpoint or norwegian or (customer.endpoint if customer else None)
    legal = buyer.legal_registration or norwegian
    if legal is None and endpoint and endpoint.startswith(f"{NORWEGIAN}:"):
        legal = endpoint
    return Recipient(
        endpoint=endpoint,
        legal=legal,
        name=buyer.name or (customer.name if customer else None),
        address=_address(invoice, customer, at_home=bool(legal and legal.startswith(f"{NORWEGIAN}:"))),
        vat_number=buyer.vat_number,
        customer_number=buyer.customer_number or (customer.customer_number if customer else None),
        contact=buyer.contact,
    )


def _address(invoice: Invoice, customer: CustomerEntry | None, *, at_home: bool) -> Address | None:
    """Find the buyer's address; an organisation number replaces all of it but the country (regulation 5-1-1)."""
    given = invoice.buyer.address
    if given is None:
        if customer and customer.address:
            return customer.address
        return Address() if at_home else None
    country = given.country or ("NO" if at_home else None)
    if country is None:
        return None
    return Address(
        street=given.street,
        additional_street=given.additional_street,
        city=given.city,
        postal_code=given.postal_code,
        country=country,
    )


def _lines(invoice: Invoice, *, registered: bool) -> tuple[DraftLine, ...]:
    written: list[DraftLine] = []
    for source, line in enumerate(invoice.lines):
        if line.text_only:
            if written:  # else it belongs to the invoice's note
                above = written[-1]
                written[-1] = replace(above, note=_joined([above.note, line.text, line.description, line.note]))
            continue
        tax = tax_category(line.vat, registered=registered)
        amounts = line_amounts(line)
        if tax is None or amounts is None:
            return ()
        quantity, price, base, net = amounts
        adjustments = (
            *(_adjustment(item, charge=False) for item in line.allowances),
            *(_adjustment(item, charge=True) for item in line.charges),
        )
        written.append(DraftLine(source, line, quantity, price, base, net, tax, adjustments, line.note))
    return tuple(written)


def line_amounts(line: Line) -> tuple[Decimal, Decimal, Decimal | None, Decimal] | None:
    """Quantity, price, base quantity and net of a line, so that R120 holds exactly; None where they cannot be told.

    A price is never negative (BR-27): the quantity is, instead. An amount for several units is written as the price
    of that many units, which needs no division.
    """
    quantity = ONE if line.quantity is None else line.quantity
    adjusted = sum((item.amount for item in line.charges), NIL) - sum((item.amount for item in line.allowances), NIL)
    if line.unit_price is not None:
        base = line.base_quantity
        net = rounded(priced(quantity, line.unit_price, base) + adjusted)
        return (
            (-quantity, -line.unit_price, base, net) if line.unit_price < 0 else (quantity, line.unit_price, base, net)
        )
    if line.amount is None or (quantity == 0 and line.amount != adjusted):
        return None
    gross = line.amount - adjusted
    quantity = abs(quantity) if gross >= 0 else -abs(quantity)
    base = None if abs(quantity) in (NIL, ONE) else abs(quantity)
    return quantity, abs(gross), base, rounded(line.amount)


def _adjustment(item: LineAdjustment, *, charge: bool, tax: TaxCategory | None = None) -> DraftAdjustment:
    # BR-33, BR-38, BR-42, BR-44: each needs a reason or a code.
    reason = item.reason or (None if item.reason_code else "Tillegg" if charge else "Rabatt")
    return DraftAdjustment(charge, rounded(item.amount), reason, item.reason_code, tax)


def _adjustments(
    invoice: Invoice, lines: Sequence[TaxCategory], *, registered: bool
) -> tuple[DraftAdjustment, ...] | None:
    found: list[DraftAdjustment] = []
    for charge, items in ((False, invoice.allowances), (True, invoice.charges)):
        for item in items:
            tax = adjustment_tax(item, lines, registered=registered)
            if tax is None:
                return None
            found.append(_adjustment(item, charge=charge, tax=tax))
    return tuple(found)


def adjustment_tax(item: Adjustment, lines: Sequence[TaxCategory], *, registered: bool) -> TaxCategory | None:
    """VAT of a document allowance or charge: its own, else the lines' where all have the same, else None."""
    if item.vat is not None:
        return tax_category(item.vat, registered=registered)
    return lines[0] if len({tax.group for tax in lines}) == 1 else None


def _taxed(adjustments: Sequence[DraftAdjustment], *, charge: bool) -> list[Taxed]:
    return [Taxed(item.amount, item.tax) for item in adjustments if item.tax is not None and item.charge is charge]


def _vat_in_nok(invoice: Invoice, sums: Totals) -> Decimal | None:
    if invoice.currency == "NOK" or sums.vat == 0:
        return None
    if invoice.vat_in_nok is not None:
        return rounded(invoice.vat_in_nok)
    if invoice.exchange_rate is not None:
        return converted(sums.vat, invoice.exchange_rate)
    return None


def _leading_texts(invoice: Invoice) -> list[str | None]:
    texts: list[str | None] = []
    for line in invoice.lines:
        if not line.text_only:
            break
        texts += [line.text, line.description, line.note]
    return texts


def _account(invoice: Invoice, seller: RegisterEntry, *, abroad: bool) -> str | None:
    """BT-84: what the invoice says, else the register; a payer abroad needs an IBAN, which a Norwegian account has."""
    payment = invoice.payment
    account = payment.iban or payment.account
    if account is None:
        account = (seller.iban if abroad or invoice.currency != "NOK" else None) or seller.account or seller.iban
    if account and abroad and norway.is_account(account):
        return norway.account_as_iban(account)
    return account


def _joined(texts: Sequence[str | None]) -> str | None:
    return "\n".join(text for text in texts if text) or None
