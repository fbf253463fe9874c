"""Our own checks of a JSON invoice: what the official rules do not catch, or catch too far from the caller's field.

They stand on the bookkeeping regulation 5-1-1 and on what Norwegian numbers look like. Each check gives findings and
stops nothing, so that the caller hears of everything at once.
"""

import base64
import binascii
from collections.abc import Iterator
from decimal import Decimal

from ehf_builder.domain.draft import NORWEGIAN, Draft, recipient
from ehf_builder.domain.totals import rounded
from hub import norway
from hub.invoice.findings import Finding, own
from hub.invoice.model import MIME_TYPES, Attachment, Invoice
from hub.parties import CustomerEntry, RegisterEntry


def parties(invoice: Invoice, seller: RegisterEntry, customer: CustomerEntry | None) -> Iterator[Finding]:
    """Check that seller and buyer are named and their numbers are real."""
    if not norway.is_organisation_number(seller.organisation_number):
        yield _not_a_number("register.organisation_number", seller.organisation_number, "BT-30")
    number = invoice.buyer.organisation_number
    if number and not norway.is_organisation_number(number):
        yield _not_a_number("buyer.organisation_number", number, "BT-47")
    for field, given, term in (
        ("buyer.endpoint", invoice.buyer.endpoint, "BT-49"),
        ("buyer.legal_registration", invoice.buyer.legal_registration, "BT-47"),
    ):
        scheme, _, bare = (given or "").partition(":")
        if scheme == NORWEGIAN and not norway.is_organisation_number(bare):
            yield _not_a_number(field, bare, term)
    buyer = recipient(invoice, customer)
    if not buyer.name:
        yield own(
            "HUB-BUYER",
            "buyer.name",
            "Kjøperens navn mangler: det står verken i fakturaen eller i kunderegisteret.",
            "The buyer's name is missing: neither the invoice nor the customer register has it.",
            term="BT-44",
        )
    if not buyer.address:
        yield own(
            "HUB-BUYER",
            "buyer.address.country" if invoice.buyer.address else "buyer.address",
            "Kjøperens adresse (minst landkode) mangler: den står verken i fakturaen eller i kunderegisteret.",
            "The buyer's address (at least its country) is missing in the invoice and in the customer register.",
            term="BG-8",
        )


def _not_a_number(field: str, number: str, term: str) -> Finding:
    return own(
        "HUB-ORGANISATION-NUMBER",
        field,
        f"{number} er ikke et gyldig organisasjonsnummer (ni siffer med kontrollsiffer).",
        f"{number} is not a valid organisation number (nine digits with a check digit).",
        term=term,
    )


def payment(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    """Check account and KID; a reference that is no KID belongs in `payment.reference`."""
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
    if given.kid and not norway.is_kid(given.kid):
        yield own(
            "HUB-KID",
            "payment.kid",
            f"{given.kid} er ikke en gyldig KID: kontrollsifferet stemmer verken etter MOD10 eller MOD11.",
            f"{given.kid} is not a valid KID: its check digit agrees with neither MOD10 nor MOD11.",
            term="BT-83",
        )
    if given.kid and given.reference:
        yield own(
            "HUB-KID",
            "payment.reference",
            "Oppgi enten KID eller betalingsreferanse, ikke begge.",
            "Give either a KID or a payment reference, not both.",
            term="BT-83",
        )
    yield from _no_account(invoice, seller)


def _no_account(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    given = invoice.payment
    if given.account or given.iban or seller.account or seller.iban or given.means:
        return
    referred = bool(given.kid or given.reference)
    if referred or not invoice.credit_note:
        yield own(
            "HUB-ACCOUNT",
            "payment.account",
            "Det mangler konto å betale til: oppgi den i fakturaen eller i selskapets registrering.",
            "There is no account to pay to: give it in the invoice or in the company's registration.",
            term="BT-84",
            fatal=referred,
        )


def due(draft: Draft) -> Iterator[Finding]:
    """Check that the sales document says when it falls due (bookkeeping regulation 5-1-1 no. 5)."""
    invoice = draft.invoice
    if not (invoice.due_date or invoice.payment_terms or invoice.credit_note) and draft.totals.payable > 0:
        yield own(
            "HUB-DUE-DATE",
            "due_date",
            "Oppgi forfallsdato (due_date) eller betalingsbetingelser (payment_terms).",
            "Give a due date (due_date) or payment terms (payment_terms).",
            term="BT-9",
        )


def currency(draft: Draft) -> Iterator[Finding]:
    """Another currency needs the VAT in NOK too (bookkeeping regulation 5-1-1 no. 6); no rate is ever fetched."""
    invoice = draft.invoice
    if invoice.currency != "NOK" and draft.totals.vat != 0 and draft.vat_in_nok is None:
        yield own(
            "HUB-VAT-IN-NOK",
            "vat_in_nok",
            f"Fakturaen er i {invoice.currency}. Oppgi merverdiavgiften i norske kroner (vat_in_nok) eller kursen "
            "(exchange_rate).",
            f"The invoice is in {invoice.currency}. Give the VAT in NOK (vat_in_nok) or the rate (exchange_rate).",
            term="BT-111",
        )


def stated_totals(draft: Draft) -> Iterator[Finding]:
    """Compare what the caller added up, line by line and in total; a difference is told with both figures."""
    for line in draft.lines:
        if line.line.unit_price is not None and line.line.amount is not None:
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


def _compared(field: str, given: Decimal, computed: Decimal, term: str) -> Iterator[Finding]:
    if given != computed:
        yield own(
            "HUB-TOTAL",
            field,
            f"Oppgitt {rounded(given)}, men beregnet {computed}.",
            f"Given as {rounded(given)}, but computed as {computed}.",
            term=term,
        )


def attachments(invoice: Invoice) -> Iterator[Finding]:
    """Check that an embedded file has base64 content, a name and a type that Peppol allows (CL001)."""
    for index, attachment in enumerate(invoice.attachments):
        yield from _attachment(f"attachments[{index}]", attachment)


def _attachment(field: str, given: Attachment) -> Iterator[Finding]:
    if bool(given.content) == bool(given.url):
        yield own(
            "HUB-ATTACHMENT",
            f"{field}.content",
            "Oppgi enten innholdet (base64) eller en adresse (url).",
            "Give either the content (base64) or an address (url).",
            term="BT-125",
        )
    if not given.content:
        return
    if not given.filename:
        yield own("HUB-ATTACHMENT", f"{field}.filename", "Filnavn mangler.", "The file name is missing.", term="BT-125")
    if given.mime_type not in MIME_TYPES:
        yield own(
            "HUB-ATTACHMENT",
            f"{field}.mime_type",
            f"Filtypen kan ikke legges ved. Tillatt er {', '.join(MIME_TYPES)}.",
            f"This type of file cannot be attached. Allowed are {', '.join(MIME_TYPES)}.",
            term="BT-125",
        )
    try:
        base64.b64decode("".join(given.content.split()), validate=True)
    except (binascii.Error, ValueError):
        yield own(
            "HUB-ATTACHMENT",
            f"{field}.content",
            "Innholdet er ikke gyldig base64.",
            "The content is not valid base64.",
            term="BT-125",
        )
