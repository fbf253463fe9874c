"""How the invoice is paid: account, means, and the KID, given or made."""

from dataclasses import dataclass

from hub import norway
from hub.invoice.model import Invoice
from hub.parties import RegisterEntry

CREDIT_TRANSFER = "30"
SEPA_CREDIT_TRANSFER = "58"
DIRECT_DEBIT = frozenset({"49", "59"})  # R061: these need a mandate


@dataclass(frozen=True, slots=True)
class DraftPayment:
    """Payment instructions (BG-16) as written; `means` is None where there is nothing to write."""

    means: str | None
    reference: str | None
    account: str | None
    bic: str | None
    mandate: str | None


def draft_payment(invoice: Invoice, seller: RegisterEntry, *, abroad: bool) -> DraftPayment:
    """Fill in account, means code and KID."""
    given = invoice.payment
    account = _account(invoice, seller, abroad=abroad)
    return DraftPayment(
        means=given.means or (_means(account, invoice.currency) if account else None),
        reference=given.kid or made_kid(invoice, seller) or given.reference,
        account=account,
        bic=given.bic,
        mandate=given.mandate,
    )


def made_kid(invoice: Invoice, seller: RegisterEntry) -> str | None:
    """Make the KID of `kid_from` by the first of the company's agreements that has room for it."""
    if invoice.payment.kid_from is None:
        return None
    made = (norway.kid_of(invoice.payment.kid_from, each.length, each.modulus) for each in seller.kid_agreements)
    return next((kid for kid in made if kid), None)


def pays_to_registered_account(invoice: Invoice, seller: RegisterEntry) -> bool:
    """Whether the money goes to the account in the register, whose KID agreements are known."""
    given = invoice.payment
    return given.iban is None and given.account in (None, seller.account)


def _account(invoice: Invoice, seller: RegisterEntry, *, abroad: bool) -> str | None:
    """BT-84: what the invoice says, else the register; a payer abroad needs an IBAN, which a Norwegian account has."""
    account = invoice.payment.iban or invoice.payment.account
    if account is None:
        account = (seller.iban if abroad or invoice.currency != "NOK" else None) or seller.account or seller.iban
    if account and abroad and norway.is_account(account):
        return norway.account_as_iban(account)
    return account


def _means(account: str, currency: str) -> str:
    """30 for a Norwegian account or IBAN and other currencies, 58 for euro to an IBAN (a SEPA transfer)."""
    return SEPA_CREDIT_TRANSFER if account[:2].isalpha() and currency == "EUR" else CREDIT_TRANSFER
