"""Documents that are made to exhaust who reads them, by what they try."""

from tests.ehf_builder.invoices import EXAMPLES

INBOUND = (EXAMPLES / "08-inbound.xml").read_text()
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "billion laughs": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>',
    "external entity": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://localhost:1/x.dtd">%p;]><a/>',
    "external DTD": '<!DOCTYPE a SYSTEM "http://localhost:1/x.dtd"><a/>',
    "harmless DTD": "<!DOCTYPE a><a/>",
    "undeclared entity": "<a>&nbsp;</a>",
    "2 MB of nested elements": "<a>" * 300_000 + "</a>" * 300_000,
    "3 million elements": "<a>" + "<b/>" * 3_000_000 + "</a>",
    "100,000 attributes": "<a " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>",
    "100,000 namespaces": "<a " + " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(100_000)) + "/>",
    "oversized base64": "<a>" + "QUJD" * 25_000_001 + "</a>",
    "nested in an invoice": INBOUND.replace("<cbc:ID>", "<cbc:ID>" + "<x>" * 100 + "</x>" * 100, 1),
}
