"""Invoices and envelopes of our own making for the tests."""

from datetime import UTC, datetime

from hub.testing.phoss_ap import sbd

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
INVOICE_TYPE = f"{UBL}Invoice-2::Invoice##{BILLING}::2.1"
CREDIT_NOTE_TYPE = f"{UBL}CreditNote-2::CreditNote##{BILLING}::2.1"
MLS_TYPE = f"{UBL}ApplicationResponse-2::ApplicationResponse##urn:peppol:edec:mls:1.0::2.1"
ORDER_TYPE = f"{UBL}Order-2::Order##urn:fdc:peppol.eu:poacc:trns:order:3::2.1"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


def ubl(root: str, number: str, note: str = "Blåbær") -> bytes:
    text = (
        f'<{root} xmlns="{UBL}{root}-2" xmlns:cbc="{UBL}CommonBasicComponents-2"><cbc:ID>{number}</cbc:ID>'
        f"<cbc:Note>{note}</cbc:Note></{root}>"
    )
    return text.encode()


def invoice(number: str, note: str = "Blåbær") -> bytes:
    return ubl("Invoice", number, note)


def envelope(
    payload: bytes,
    *,
    document_type: str = INVOICE_TYPE,
    instance: str = "instance-1",
    sender: str = "0192:987654325",
    receiver: str = "0192:310000019",
) -> bytes:
    submission = sbd.Submission(
        sender=f"iso6523-actorid-upis::{sender}",
        receiver=f"iso6523-actorid-upis::{receiver}",
        document_type=f"busdox-docid-qns::{document_type}",
        process=f"cenbii-procid-ubl::{PROCESS}",
        country="NO",
        instance_id=instance,
        payload=payload,
    )
    return sbd.write(submission, datetime(2026, 11, 22, tzinfo=UTC))
