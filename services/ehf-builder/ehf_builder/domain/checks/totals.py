"""Totals the caller sent are compared with ours, and VAT in another currency is told in NOK too."""

from collections.abc import Iterator
from decimal import Decimal

from ehf_builder.domain.draft import Draft
from ehf_builder.domain.totals import rounded
from hub.invoice.findings import Finding, own
from hub.invoice.vat import NIL

TOO_LARGE = Decimal(1_000_000_000_000)


def found(draft: Draft) -> Iterator[Finding]:
    """Compare what the caller added up, line by line and in total; a difference is told with both figures."""
    for line in draft.lines:
        if line.line.net_price is not None and line.line.amount is not None:
            yield from _compared(f"lines[{line.source}].amount", line.line.amount, line.net, "BT-131")
    stated, sums = draft.invoice.totals, draft.totals
    for field, given, computed, term in (
        ("line_net", stated.line_net, sums.line_net, "BT-106"),
        ("without_vat", stated.without_vat, sums.without_vat, "BT-109"),
        ("vat", stated.vat, sums.vat, "BT-110"),
        ("with_vat", stated.with_vat, sums.with_vat, "BT-112"),
        ("payable", stated.payable, sums.payable, "BT-115"),
    ):
        if given is not None:
            yield from _compared(f"totals.{field}", given, computed, term)
    yield from _vat_in_nok(draft)
    yield from _too_large(draft)


def _too_large(draft: Draft) -> Iterator[Finding]:
    """Refuse what the rules can no longer add up: some of them (BR-S-08) compute with doubles."""
    for line in draft.lines:
        if abs(line.net) >= TOO_LARGE:
            yield _large(f"lines[{line.source}]", line.net)
    sums = draft.totals
    for amount in (sums.without_vat, sums.with_vat, sums.payable, draft.vat_in_nok or NIL):
        if abs(amount) >= TOO_LARGE:
            yield _large("lines", amount)
            return


def _large(field: str, amount: Decimal) -> Finding:
    return own(
        "HUB-AMOUNT",
        field,
        f"Beløpet {amount} er for stort; det må være under {TOO_LARGE}.",
        f"The amount {amount} is too large; it must be below {TOO_LARGE}.",
    )


def _compared(field: str, given: Decimal, computed: Decimal, term: str) -> Iterator[Finding]:
    if given != computed:
        yield own(
            "HUB-TOTAL",
            field,
            f"Oppgitt {rounded(given)}, men beregnet {computed}.",
            f"Given as {rounded(given)}, but computed as {computed}.",
            term=term,
        )


def _vat_in_nok(draft: Draft) -> Iterator[Finding]:
    """Another currency needs the VAT in NOK too (bookkeeping regulation 5-1-1 no. 6); no rate is ever fetched."""
    invoice, vat = draft.invoice, draft.totals.vat
    stated = invoice.vat_in_nok
    if invoice.currency == "NOK":
        if stated is not None:
            yield from _compared("vat_in_nok", stated, vat, "BT-111")
    elif vat != 0 and draft.vat_in_nok is None:
        yield _finding(
            f"Fakturaen er i {invoice.currency}. Oppgi merverdiavgiften i norske kroner (vat_in_nok) eller kursen "
            "(exchange_rate).",
            f"The invoice is in {invoice.currency}. Give the VAT in NOK (vat_in_nok) or the rate (exchange_rate).",
        )
    elif stated is not None and (stated > 0, stated < 0) != (vat > 0, vat < 0):
        yield _finding(
            f"Merverdiavgiften er {vat} {invoice.currency}, men {rounded(stated)} i norske kroner. De må ha samme "
            "fortegn.",
            f"The VAT is {vat} {invoice.currency}, but {rounded(stated)} in NOK. They must have the same sign.",
        )


def _finding(nb: str, en: str) -> Finding:
    return own("HUB-VAT-IN-NOK", "vat_in_nok", nb, en, term="BT-111")
