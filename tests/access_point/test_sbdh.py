"""Envelopes are read safely, and only those that Peppol allows."""

import pytest

from access_point.peppol import DocumentKind
from access_point.sbdh import InvalidSbdError, parse, read
from tests.access_point.envelopes import envelope, invoice
from tests.access_point.recordings import names, needs_recordings, recording


def test_an_envelope_tells_who_sends_what_to_whom() -> None:
    sbd = read(envelope(invoice("F-1"), instance="abc"))

    assert sbd.instance_id == "abc"
    assert (sbd.sender, sbd.receiver) == ("0192:987654325", "0192:310000019")
    assert sbd.kind is DocumentKind.INVOICE
    assert sbd.number == "F-1"
    assert sbd.document_type_id.startswith("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##")
    assert sbd.process_id == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    assert sbd.country == "NO"


def test_the_payload_stands_alone_without_the_envelopes_namespaces() -> None:
    document = read(envelope(invoice("F-1"))).document

    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<Invoice ")
    assert b"StandardBusinessDocument" not in document
    assert "Blåbær".encode() in document


@needs_recordings
@pytest.mark.parametrize("name", names("forward/*.txt"))
def test_every_recorded_push_can_be_read(name: str) -> None:
    request = recording(name).request
    sbd = read(request.body)
    assert sbd.instance_id == request.headers["X-SBDH-Instance-ID"]
    assert sbd.kind in {DocumentKind.INVOICE, DocumentKind.MLS}


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b"<?xml version='1.0'?><!-- <a> --><!DOCTYPE a SYSTEM 'file:///etc/passwd'>",
        b"\xef\xbb\xbf \n<?pi <!DOCTYPE?>\n<!DOCTYPE a>",
    ],
)
def test_a_document_with_a_doctype_is_refused(prolog: bytes) -> None:
    with pytest.raises(InvalidSbdError, match="DOCTYPE"):
        parse(prolog + b"<a>1</a>")


def test_a_doctype_cannot_hide_in_another_encoding() -> None:
    utf7 = b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a SYSTEM 'file:///etc/passwd'+AD4-<a/>"
    utf16 = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>".encode("utf-16")
    for hidden in (utf7, utf16):
        with pytest.raises(InvalidSbdError):
            parse(hidden)


@pytest.mark.parametrize("data", [b"", b"hello", b"<a>", b"\x00", b"<a>&undeclared;</a>", b"<a/><b/>"])
def test_what_is_not_xml_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidSbdError):
        read(data)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("COUNTRY_C1", "COUNTRY_XX", "COUNTRY_C1"),
        ("DOCUMENTID", "OTHER", "DOCUMENTID"),
        ("<sh:Sender>", "<sh:Nobody>", "Sender"),
        ("0192:310000019", "0192:31 00", "electronic address"),
        ("xsd:Invoice-2::Invoice##", "xsd:CreditNote-2::CreditNote##", "another document type"),
        ("<cbc:ID>F-1</cbc:ID>", "", "no number"),
    ],
)
def test_an_envelope_that_lacks_something_is_refused_with_its_name(old: str, new: str, said: str) -> None:
    data = envelope(invoice("F-1")).decode().replace(old, new).replace("</sh:Sender>", "</sh:Sender>")
    if "Nobody" in new:
        data = data.replace("</sh:Sender>", "</sh:Nobody>")
    with pytest.raises(InvalidSbdError, match=said):
        read(data.encode())


def test_an_invoice_without_its_envelope_is_refused() -> None:
    with pytest.raises(InvalidSbdError, match="not a standard business document"):
        read(invoice("F-1"))


def test_a_large_attachment_is_no_obstacle() -> None:
    sbd = read(envelope(invoice("F-1", note="A" * 12_000_000)))
    assert len(sbd.document) > 12_000_000


def test_endless_nesting_is_refused_and_breaks_nothing() -> None:
    with pytest.raises(InvalidSbdError):
        read(b"<a>" * 500_000)


def test_attributes_that_name_entities_do_not_grow() -> None:
    with pytest.raises(InvalidSbdError):
        parse(b'<a b="&lol;"/>')
