"""VAT, totals, and what is needed to pay."""

from ehf_builder.preview.parts import Fact, Row, Table
from ehf_builder.preview.ubl import every, first, text
from ehf_builder.preview.words import Words, grouped
from hub import norway
from hub.ubl import Element

_TOTALS = (
    ("line_net", "LineExtensionAmount"),
    ("allowance", "AllowanceTotalAmount"),
    ("charge", "ChargeTotalAmount"),
    ("without_vat", "TaxExclusiveAmount"),
)
_AFTER_VAT = (("with_vat", "TaxInclusiveAmount"), ("prepaid", "PrepaidAmount"), ("rounding", "PayableRoundingAmount"))
_SUBTRACTED = ("allowance", "prepaid")


def totals(root: Element, words: Words, *, credit_note: bool) -> list[Fact]:
    """List the totals from the lines' sum to what is due; sums that only repeat the one above are left out."""
    monetary = first(root, "cac:LegalMonetaryTotal")
    currency = text(root, "cbc:DocumentCurrencyCode")
    shown: list[Fact] = _sums(monetary, _TOTALS, words)
    if len(shown) == 2 and shown[0][1] == shown[1][1]:  # nothing between the lines' sum and the total
        shown = shown[1:]
    taxes = [(total.get("currencyID"), words.money(text(total))) for total in every(root, "cac:TaxTotal/cbc:TaxAmount")]
    shown += [(words["vat"], amount) for taxed_in, amount in taxes if taxed_in == currency]
    shown += _sums(monetary, _AFTER_VAT, words)
    shown += [(words["vat_in_nok"], amount) for taxed_in, amount in taxes if taxed_in != currency]
    due = f"{currency} {words.money(text(monetary, 'cbc:PayableAmount'))}"
    return [*shown, (words["credited" if credit_note else "payable"], due)]


def _sums(monetary: Element | None, names: tuple[tuple[str, str], ...], words: Words) -> list[Fact]:
    found = []
    for name, element in names:
        if amount := text(monetary, f"cbc:{element}"):
            written = words.money(amount)
            found.append((words[name], f"\u2212{written}" if name in _SUBTRACTED else written))
    return found


def vat(root: Element, words: Words) -> Table | None:
    """Show the VAT of each category and rate, with the reason where there is one."""
    rows = []
    for subtotal in every(root, "cac:TaxTotal/cac:TaxSubtotal"):
        category = first(subtotal, "cac:TaxCategory")
        name = words.category(text(category, "cbc:ID"), text(category, "cbc:Percent"))
        basis, amount = text(subtotal, "cbc:TaxableAmount"), text(subtotal, "cbc:TaxAmount")
        reason = text(category, "cbc:TaxExemptionReason") or text(category, "cbc:TaxExemptionReasonCode")
        rows.append(Row([name, words.money(basis), words.money(amount)], [reason] if reason else []))
    if not rows:
        return None
    return Table(words["vat_table"], [words["vat_table"], words["basis"], words["vat"]], rows)


def payment(root: Element, words: Words, *, credit_note: bool) -> list[Fact]:
    """List account, KID or reference, amount and due date; nothing where nothing is to be paid."""
    if credit_note:
        return []
    means = first(root, "cac:PaymentMeans")
    account = text(means, "cac:PayeeFinancialAccount/cbc:ID")
    reference = text(means, "cbc:PaymentID")
    amount = text(root, "cac:LegalMonetaryTotal/cbc:PayableAmount")
    due = text(root, "cbc:DueDate")
    facts = [
        (words["payable"], f"{text(root, 'cbc:DocumentCurrencyCode')} {words.money(amount)}"),
        (words["due_date"], words.day(due) if due else ""),
        ("IBAN" if account[:2].isalpha() else words["account"], grouped(account)),
        ("BIC", text(means, "cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID")),
        (words["kid"] if norway.is_kid(reference) else words["payment_reference"], reference),
    ]
    return [fact for fact in facts if fact[1]] if account or reference else []
