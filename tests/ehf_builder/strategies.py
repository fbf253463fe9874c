"""JSON invoices over the whole model: what a company would send (`usual`), and what it should not (`odd`)."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from hub.norway import kid_of
from hub.parties import Address, CustomerEntry, KidAgreement, Period, RegisterEntry
from tests.ehf_builder.invoices import OUTSIDE_VAT_REGISTER, SELLER

Strategy = st.SearchStrategy[Any]
CUSTOMER = CustomerEntry(
    customer_number="9", endpoint="0192:310002011", name="Storvika Handel AS", address=Address(city="Fredrikstad")
)
SELLERS = st.sampled_from(
    [
        SELLER,
        SELLER,
        OUTSIDE_VAT_REGISTER,
        SELLER.model_copy(update={"kid_agreements": (KidAgreement(length=10), KidAgreement(length=20, modulus=11))}),
        SELLER.model_copy(update={"account": None, "iban": "NO8315069900019"}),
        SELLER.model_copy(update={"endpoint": "0192:310002046", "vat_number": "NO310002054MVA"}),
        SELLER.model_copy(update={"vat_registered": False, "vat_periods": (Period(valid_from=date(2025, 1, 1)),)}),
    ]
)

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]).filter(lambda c: c >= " " and c not in "\ufffe\uffff"),
    min_size=1,
    max_size=30,
).filter(str.strip)
# Drawn texts are dear, so only a few fields get them.
WORD = st.sampled_from(
    ["A-1", "10023", "æøå ÆØÅ", "<x/>", "]]>", "&amp;", "{}", "%s", "\u00a0x", "x\u2028y", "\U0001f600"]
)
DAY = st.dates(date(2026, 1, 1), date(2026, 12, 31))
POSITIVE = st.decimals("0.01", "1000", places=2).map(str)
AMOUNT = st.decimals("-100000", "100000", places=2).map(str) | st.sampled_from(["0", "-0.01", "9999999999.99"])
PRICE = st.decimals("-10000", "10000", places=4).map(str) | st.sampled_from(["0", "0.00000001", "12345.12345678"])
QUANTITY = st.decimals("-1000", "1000", places=3).map(str) | st.sampled_from(["0", "1", "0.00000001", "999999"])
PERIOD = st.tuples(DAY, DAY).map(lambda days: {"start": str(min(days)), "end": str(max(days))})


def maybe(*, need: dict[str, Strategy] | None = None, **fields: Strategy) -> Strategy:
    return st.fixed_dictionaries(need or {}, optional=fields)


def vat_of(seller: RegisterEntry, day: date) -> Strategy:
    if not seller.on(day).vat_registered:
        outside = {"category": "O", "reason": "Utenfor"}
        return st.sampled_from([{"category": "O"}, outside, "6", {"code": 6}])
    reasoned = st.fixed_dictionaries(
        {"category": st.sampled_from(["E", "G", "AE"])}, optional={"reason": WORD, "rate": st.sampled_from(["0", 0])}
    )
    standard = st.sampled_from(["25", "15", "12", "11.11", "25.00", 15]).map(
        lambda rate: {"category": "S", "rate": rate}
    )
    codes = st.sampled_from(["3", "31", "32", "33", "5", "6", "51", "52", 3, {"code": 31}])
    coded = st.just({"category": "E", "reason_code": "VATEX-EU-132"})
    return st.one_of(standard, codes, reasoned, coded, st.just({"category": "Z"}))


def adjustment(codes: list[str], **more: Strategy) -> Strategy:
    described = {"reason": WORD, "reason_code": st.sampled_from(codes)}
    percent = st.decimals("0.0001", "150", places=4).map(str)
    return st.fixed_dictionaries({"amount": POSITIVE, **more}, optional=described) | st.fixed_dictionaries(
        {"percent": percent, "base_amount": POSITIVE, **more}, optional=described
    )


ALLOWANCE, CHARGE = ["95", "64", "100"], ["FC", "ABL", "ZZZ"]
DETAILS: dict[str, Strategy] = {
    "description": WORD,
    "note": WORD,
    "unit": st.sampled_from(["C62", "HUR", "KGM", "EA", "XPK", "MTR"]),
    "allowances": st.lists(adjustment(ALLOWANCE), max_size=2),
    "charges": st.lists(adjustment(CHARGE), max_size=2),
    "accounting_cost": WORD,
    "order_line": WORD,
    "object_id": WORD,
    "seller_item_id": WORD,
    "buyer_item_id": WORD,
    "standard_item_id": st.sampled_from(["0160:7012345000004", "0088:7080000000005", "0160:x"]),
    "classifications": st.lists(
        maybe(need={"code": WORD, "scheme": st.sampled_from(["STI", "TST"])}, version=WORD), max_size=2
    ),
    "origin": st.sampled_from(["NO", "SE", "CN"]),
    "properties": st.lists(st.fixed_dictionaries({"name": WORD, "value": WORD}), max_size=2),
}


def line(vat: Strategy) -> Strategy:
    need = {"text": TEXT, "vat": vat}
    return st.one_of(
        st.fixed_dictionaries({"text": WORD}, optional={"description": WORD, "note": WORD}),
        st.fixed_dictionaries({**need, "amount": AMOUNT}, optional=DETAILS),
        st.fixed_dictionaries({**need, "amount": AMOUNT, "quantity": QUANTITY.filter(float)}, optional=DETAILS),
        st.fixed_dictionaries(
            {**need, "unit_price": PRICE},
            optional={"quantity": QUANTITY, "base_quantity": st.sampled_from(["1", "3", "100", "0.5"]), **DETAILS},
        ),
        st.fixed_dictionaries(
            {**need, "gross_price": st.sampled_from(["10", "99.995", "1000.00"])},
            optional={"price_discount": st.sampled_from(["0.01", "3.333", "10"]), "quantity": QUANTITY, **DETAILS},
        ),
    )


ADDRESS = maybe(
    need={"country": st.sampled_from(["NO", "SE", "DE", "GR", "NL", "IS", "DK", "IT", "GB", "US"]), "city": WORD},
    street=WORD,
    additional_street=WORD,
    postal_code=WORD,
)
ENDPOINTS = ["0192:310002003", "0007:4444444444", "0088:7080000000005", "9930:DE123456789", "0184:DK12345674"]
CONTACT = maybe(name=WORD, phone=WORD, email=WORD)
VAT_NUMBERS = st.sampled_from(["NO310002003MVA", "310 002 003 MVA", "SE556000475501", "GB123456789"])
BUYER = st.one_of(
    maybe(
        need={
            "organisation_number": st.sampled_from(["310002003", "310 002 011"]),
            "name": WORD,
            "vat_number": VAT_NUMBERS,
        },
        endpoint=st.sampled_from(ENDPOINTS),
        customer_number=WORD,
        contact=CONTACT,
        address=ADDRESS,
    ),
    maybe(
        need={"endpoint": st.sampled_from(ENDPOINTS), "name": WORD, "vat_number": VAT_NUMBERS, "address": ADDRESS},
        legal_registration=st.sampled_from(["0192:310002003", "0007:4444444444"]),
        customer_number=WORD,
        contact=CONTACT,
    ),
)
KID = st.integers(0, 10**8).map(lambda number: {"kid": kid_of(str(number), 10, 10)})
PAYMENT = st.one_of(
    KID,
    st.fixed_dictionaries({"reference": WORD, "means": st.sampled_from(["30", "58", "93", "1"])}),
    st.fixed_dictionaries({"means": st.sampled_from(["49", "59"]), "mandate": WORD}),
    maybe(
        account=st.sampled_from(["12345678903", "1506.99.00019"]),
        bic=st.sampled_from(["DNBANOKK", "NDEANOKK"]),
        reference=WORD,
        factoring_note=WORD,
    ),
    st.fixed_dictionaries({"iban": st.sampled_from(["NO8315069900019", "DE89370400440532013000"])}),
)
FILE = st.sampled_from([("a.pdf", b"%PDF-1.7"), ("b.csv", b"a;b"), ("æ ø.PNG", b"\x89PNG\r\n\x1a\n")]).map(
    lambda file: {"filename": file[0], "content": base64.b64encode(file[1]).decode()}
) | maybe(need={"url": st.sampled_from(["https://a.example/b c", "http://æ.example"])}, id=WORD, description=WORD)
PRECEDING = maybe(need={"number": WORD}, issue_date=DAY.map(str))


@dataclass(frozen=True)
class Sent:
    """An invoice as JSON, who sends it, and what the customer register says of the buyer."""

    fields: dict[str, Any]
    seller: RegisterEntry
    customer: CustomerEntry | None


@st.composite
def usual(draw: Callable[[Strategy], Any]) -> Sent:
    """Draw what a company may send: its own checks find nothing in it."""
    seller, day = draw(SELLERS), draw(DAY)
    vat = vat_of(seller, day)
    kind = draw(st.sampled_from(["invoice", "invoice", "credit_note"]))
    fields = draw(
        maybe(
            need={
                "number": TEXT,
                "buyer": BUYER,
                "lines": st.lists(line(vat), min_size=1, max_size=5).filter(
                    lambda lines: any(len(each) > 3 for each in lines)
                ),
                "buyer_reference": WORD,
                "due_date": DAY.map(str),
            },
            order_reference=WORD,
            sales_order=WORD,
            contract_reference=WORD,
            project_reference=WORD,
            receiving_advice=WORD,
            despatch_advice=WORD,
            tender_reference=WORD,
            object_id=WORD,
            accounting_cost=WORD,
            note=TEXT,
            period=PERIOD,
            credits=st.lists(PRECEDING, max_size=2) | PRECEDING,
            payee=maybe(need={"name": WORD}, organisation_number=st.just("310002046"), id=WORD),
            delivery=maybe(date=DAY.map(str), name=WORD, location=st.just("0088:7080000000005"), address=ADDRESS),
            payment=PAYMENT,
            payment_terms=WORD,
            allowances=st.lists(adjustment(ALLOWANCE, vat=vat), max_size=2),
            charges=st.lists(adjustment(CHARGE, vat=vat), max_size=2),
            prepaid=AMOUNT,
            rounding=st.decimals("-0.99", "0.99", places=2).map(str),
            attachments=st.lists(FILE, max_size=2),
        )
    )
    if draw(st.booleans()):
        fields |= {
            "currency": draw(st.sampled_from(["EUR", "SEK", "USD"])),
            "exchange_rate": draw(st.sampled_from(["0.9", "1.08", "11.7425"])),
        }
    return Sent({"type": kind, "issue_date": str(day), **fields}, seller, draw(st.sampled_from([None, CUSTOMER])))


PERSON = {"name": "Kari Prøve", "address": {"street": "Veien 1", "city": "Oslo", "country": "NO"}}
BAD_VAT = st.sampled_from(
    [
        {"category": "K"},
        {"category": "O"},
        {"category": "S"},
        {"category": "S", "rate": "24"},
        {"category": "S", "rate": "0"},
        {"category": "Z", "rate": "25"},
        {"category": "Z", "reason": "x"},
        {"category": "E", "reason_code": "VATEX-EU-G"},
        {"category": "G", "reason_code": "vatex-eu-ae"},
        {"category": "E", "reason_code": "QQQ"},
        {},
        "7",
    ]
)
BAD_ADJUSTMENT = maybe(
    amount=POSITIVE,
    percent=POSITIVE,
    base_amount=POSITIVE,
    reason_code=st.sampled_from(["QQQ", "95", "FC", "REM"]),
    vat=BAD_VAT,
)
BAD_PERIOD = maybe(start=st.dates(date(2026, 1, 1)).map(str), end=st.dates(date(2000, 1, 1)).map(str))
# One field each: of the invoice, or (`lines.…`) of its first line.
ODDITIES: dict[str, Strategy] = {
    "type": st.sampled_from(["invoice", "credit_note", "reminder"]),
    "issue_date": st.dates(date(1990, 1, 1)).map(str),
    "due_date": st.none(),
    "buyer_reference": st.none(),
    "currency": st.sampled_from(["NOK", "XQQ", "EUR", "JPY"]),
    "vat_in_nok": AMOUNT,
    "exchange_rate": st.sampled_from(["0.00000001", "99999999", None]),
    "buyer": st.one_of(
        st.just(PERSON),
        maybe(
            organisation_number=st.sampled_from(["310002003", "123456789", "1"]),
            endpoint=st.sampled_from(["0192:310002003", "0192:1", "0088:1", "9999:1", "0007:1"]),
            legal_registration=st.sampled_from(["0192:310002003", "9930:DE1", "0088:1", "9999:1"]),
            customer_number=WORD,
            name=WORD,
            address=maybe(country=st.sampled_from(["NO", "ZZ", "XK"]), street=WORD, city=WORD),
            vat_number=st.sampled_from(["NO310002003MVA", "310002003", "ZZ1", "ÆØ1", "NO1"]),
        ),
    ),
    "payment": maybe(
        account=st.sampled_from(["12345678903", "12345678901", "1"]),
        iban=st.sampled_from(["NO8315069900019", "NO0012345678903"]),
        bic=WORD,
        kid=st.sampled_from(["123456783", "123456782", "1"]),
        kid_from=st.sampled_from(["10023", "A1", "123456789012345678901234567"]),
        reference=WORD,
        means=st.sampled_from(["30", "49", "59", "999", "ZZZ"]),
    ),
    "payee": maybe(need={"name": st.just(SELLER.name)}, organisation_number=st.sampled_from(["310000019", "1"])),
    "period": BAD_PERIOD,
    "delivery": maybe(location=st.sampled_from(["9999:1", "0088:1"]), address=maybe(country=st.just("ZZ"), city=WORD)),
    "allowances": st.lists(BAD_ADJUSTMENT, max_size=2),
    "charges": st.lists(BAD_ADJUSTMENT, max_size=2),
    "prepaid": AMOUNT,
    "totals": maybe(line_net=AMOUNT, without_vat=AMOUNT, vat=AMOUNT, with_vat=AMOUNT, payable=AMOUNT),
    "reminds": PRECEDING,
    "reminder_fee": POSITIVE,
    "attachments": st.lists(
        maybe(filename=WORD, mime_type=WORD, content=WORD, url=WORD, description=WORD, id=WORD), max_size=2
    ),
    "lines.vat": BAD_VAT | st.none(),
    "lines.allowances": st.lists(BAD_ADJUSTMENT, max_size=2),
    "lines.charges": st.lists(BAD_ADJUSTMENT, max_size=2),
    "lines.amount": AMOUNT | st.none(),
    "lines.quantity": QUANTITY,
    "lines.unit_price": PRICE | st.sampled_from([None, "999999999999.99", "99999999999999.12345678"]),
    "lines.gross_price": st.sampled_from(["0", "1", "12345678.12345678"]),
    "lines.price_discount": st.sampled_from(["0.5", "2"]),
    "tax_point_date": st.just("2026-11-01"),
    "tax_point_code": st.sampled_from(["3", "35", "432"]),
    "lines.unit": st.sampled_from(["QQQ", "1", "stk"]),
    "lines.period": BAD_PERIOD,
    "lines.origin": st.sampled_from(["ZZ", "XK", "no"]),
    "lines.standard_item_id": st.sampled_from(["9999:1", "x"]),
    "lines.classifications": st.just([{"code": "1", "scheme": "QQQ"}]),
}


@st.composite
def odd(draw: Callable[[Strategy], Any]) -> Sent:
    """Draw an invoice in which one to four fields hold something unusual, wrong or contradictory."""
    sent = draw(usual())
    fields = {**sent.fields, "lines": [dict(each) for each in sent.fields["lines"]]}
    for name in draw(st.lists(st.sampled_from(sorted(ODDITIES)), min_size=1, max_size=4, unique=True)):
        whole, _, part = name.partition(".")
        place, key = (fields["lines"][0], part) if part else (fields, whole)
        place[key] = draw(ODDITIES[name])
    return Sent(fields, sent.seller, sent.customer)
