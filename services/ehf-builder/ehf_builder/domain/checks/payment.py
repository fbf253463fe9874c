"""Account, KID and means of payment."""

from collections.abc import Iterator

from ehf_builder.domain.payment import (
    CREDIT_TRANSFER,
    DIRECT_DEBIT,
    SEPA_CREDIT_TRANSFER,
    made_kid,
    pays_to_registered_account,
)
from hub import norway
from hub.invoice.findings import Finding, own
from hub.invoice.model import Invoice
from hub.parties import RegisterEntry


def found(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    """Check account and KID; a reference that is no KID belongs in `payment.reference`."""
    yield from _accounts(invoice, seller)
    yield from _one_reference(invoice)
    yield from _kid(invoice, seller)
    yield from _kid_from(invoice, seller)
    yield from _no_account(invoice, seller)
    if invoice.payment.means in DIRECT_DEBIT and not invoice.payment.mandate:
        yield own(
            "HUB-MANDATE",
            "payment.mandate",
            "Direkte debitering (49 eller 59) krever avtalens referanse.",
            "A direct debit (49 or 59) needs the reference of its mandate.",
            term="BT-89",
        )


def _accounts(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    given = invoice.payment
    accounts = [("payment.account", given.account)]
    if not (given.account or given.iban):
        accounts.append(("register.account", seller.account))
    for field, account in accounts:
        if account and not norway.is_account(account):
            yield own(
                "HUB-ACCOUNT",
                field,
                f"{account} er ikke et gyldig kontonummer (elleve siffer med kontrollsiffer).",
                f"{account} is not a valid account number (eleven digits with a check digit).",
                term="BT-84",
            )
    for field, iban in (("payment.iban", given.iban), ("register.iban", seller.iban)):
        if iban and not norway.is_iban(iban):
            yield own(
                "HUB-ACCOUNT", field, f"{iban} er ikke et gyldig IBAN.", f"{iban} is not a valid IBAN.", term="BT-84"
            )
    if given.account and given.iban and norway.is_account(given.account):
        yield from _same_account(given.account, given.iban)


def _same_account(account: str, iban: str) -> Iterator[Finding]:
    if norway.account_as_iban(account) != iban:
        yield own(
            "HUB-ACCOUNT",
            "payment.iban",
            f"Kontonummer {account} og IBAN {iban} er to forskjellige konti. Oppgi bare den som skal betales til.",
            f"The account {account} and the IBAN {iban} are two accounts. Give only the one to pay to.",
            term="BT-84",
        )


def _one_reference(invoice: Invoice) -> Iterator[Finding]:
    given = invoice.payment
    for field, value in (("payment.reference", given.reference), ("payment.kid_from", given.kid_from)):
        if given.kid and value:
            yield own(
                "HUB-KID",
                field,
                "Oppgi bare én av kid, kid_from og reference.",
                "Give only one of kid, kid_from and reference.",
                term="BT-83",
            )


def _kid(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    kid = invoice.payment.kid
    if not kid:
        return
    if not norway.is_kid(kid):
        yield own(
            "HUB-KID",
            "payment.kid",
            f"{kid} er ikke en gyldig KID: 4 til 25 siffer med kontrollsiffer etter MOD10 eller MOD11. En referanse "
            "som ikke er KID, hører hjemme i payment.reference.",
            f"{kid} is not a valid KID: 4 to 25 digits with a check digit after MOD10 or MOD11. A reference that is "
            "no KID belongs in payment.reference.",
            term="BT-83",
        )
    elif not norway.fits(kid, _structures(seller)) and pays_to_registered_account(invoice, seller):
        agreed = ", ".join(f"{each.length} (MOD{each.modulus})" for each in seller.kid_agreements)
        yield own(
            "HUB-KID",
            "payment.kid",
            f"KID {kid} følger ikke selskapets KID-avtale. Avtalte lengder: {agreed}.",
            f"The KID {kid} does not follow the company's KID agreement. Agreed lengths: {agreed}.",
            term="BT-83",
        )


def _structures(seller: RegisterEntry) -> list[tuple[int, int]]:
    return [(each.length, each.modulus) for each in seller.kid_agreements]


def _kid_from(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    digits = invoice.payment.kid_from
    if not digits or made_kid(invoice, seller):
        return
    if seller.kid_agreements:
        nb = f"«{digits}» kan ikke bli KID: bruk bare siffer, og ikke flere enn selskapets KID-avtale har plass til."
        en = f"'{digits}' cannot become a KID: use digits only, and no more than the KID agreement has room for."
    else:
        nb = "Selskapet har ingen KID-avtale i registeret. Oppgi payment.kid eller payment.reference."
        en = "The register holds no KID agreement of the company. Give payment.kid or payment.reference."
    yield own("HUB-KID", "payment.kid_from", nb, en, term="BT-83")


def _no_account(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    given = invoice.payment
    if given.account or given.iban or seller.account or seller.iban:
        return
    transfer = given.means in (CREDIT_TRANSFER, SEPA_CREDIT_TRANSFER)
    if given.means and not transfer:
        return
    needed = transfer or bool(given.kid or given.kid_from or given.reference)
    if needed or not invoice.credit_note:
        yield own(
            "HUB-ACCOUNT",
            "payment.account",
            "Det mangler konto å betale til: oppgi den i fakturaen eller i selskapets registrering.",
            "There is no account to pay to: give it in the invoice or in the company's registration.",
            term="BT-84",
            fatal=needed,
        )
