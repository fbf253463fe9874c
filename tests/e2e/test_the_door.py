"""What is malformed is refused at the door, leaves no trace, and says what to do; tenants see nothing of each other."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from hub.demo.parties import examples_folder
from tests.e2e.hub import Install, RunningHub
from tests.load.invoices import invoice

UBL = (examples_folder() / "03-with-pdf.xml").read_bytes()
DTD = b'<!DOCTYPE Invoice [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
BOMB = b"<!DOCTYPE Invoice [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"


@pytest.fixture
def sender(hub: RunningHub) -> Install:
    return hub.install_of("310000035")


def transactions(hub: RunningHub, install: Install) -> int:
    count, page = 0, "/v1/transactions"
    while page:
        answer = hub.call("GET", page, install.key).json()
        count, page = count + len(answer["transactions"]), answer["next"]
    return count


def after_declaration(document: bytes, insert: bytes) -> bytes:
    head, end, rest = document.partition(b"?>")
    return head + end + insert + rest


def nested(depth: int) -> bytes:
    return b"<Invoice>" + b"<a>" * depth + b"</a>" * depth + b"</Invoice>"


MALFORMED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "broken JSON": ("json", lambda: b'{"type": "invoice", '),
    "JSON that is no object": ("json", lambda: b"[]"),
    "a field that does not exist": ("json", lambda: invoice("1", "310000027").replace(b'"lines"', b'"linjer"')),
    "a date that is none": ("json", lambda: invoice("1", "310000027").replace(b'"due_date": "', b'"due_date": "x')),
    "JSON in another encoding": ("json", lambda: '{"note": "Grønn"}'.encode("latin-1")),
    "JSON of 30 MB": ("json", lambda: b'{"note": "' + b"x" * 30_000_000 + b'"}'),
    "broken XML": ("xml", lambda: UBL[:2000]),
    "XML with a DTD": ("xml", lambda: after_declaration(UBL, DTD)),
    "XML with entities": ("xml", lambda: after_declaration(UBL, BOMB)),
    "XML nested too deep": ("xml", lambda: nested(10_000)),
    "XML that is no UTF-8": (
        "xml",
        lambda: UBL.replace("ø".encode(), b"\xf8").replace("ø".encode(), b"\xf8") + b"\xff",
    ),
    "XML of 40 MB": ("xml", lambda: b"<Invoice>" + b"<!-- x -->" * 4_000_000 + b"</Invoice>"),
    "another seller's UBL": ("xml", lambda: UBL.replace(b"310000035", b"310000043")),
    "no document at all": ("xml", lambda: b""),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_input_is_refused_at_the_door_and_leaves_no_trace(
    hub: RunningHub, sender: Install, case: str
) -> None:
    kind, body = MALFORMED[case]
    before = transactions(hub, sender)
    answer = hub.submit(sender, body(), kind=kind)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].startswith("urn:sentral:problem:")
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail_nb"]
    assert transactions(hub, sender) == before


def test_fifty_simultaneous_copies_make_one_transaction_and_fifty_equal_answers(
    hub: RunningHub, sender: Install
) -> None:
    body, key = invoice(f"C{uuid4().hex[:10]}", hub.demo["recipients"]["inbox"]), str(uuid4())
    before = transactions(hub, sender)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: hub.submit(sender, body, key), range(50)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert transactions(hub, sender) == before + 1


def test_the_same_key_with_another_body_is_refused(hub: RunningHub, sender: Install) -> None:
    key = str(uuid4())
    number = f"K{uuid4().hex[:10]}"
    assert hub.submit(sender, invoice(number, hub.demo["recipients"]["inbox"]), key).status_code == 202
    assert hub.submit(sender, invoice(f"{number}x", hub.demo["recipients"]["inbox"]), key).status_code == 422


def test_the_same_invoice_under_another_key_is_refused_by_name(hub: RunningHub, sender: Install) -> None:
    number = f"B{uuid4().hex[:10]}"
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"], number)
    again = hub.submit(sender, invoice(number, hub.demo["recipients"]["inbox"]))
    assert again.status_code == 409
    assert identifier in json.dumps(again.json())


def test_without_a_key_nothing_is_said(hub: RunningHub) -> None:
    for path in ("/v1/transactions", "/v1/events", "/v1/inbox", "/v1/usage?month=2026-11", "/v1/admin/companies"):
        for key in ("x", "sentral_nonsense", "x" * 5000):
            assert hub.call("GET", path, key).status_code == 401


def test_an_install_may_not_act_for_another_company(hub: RunningHub, sender: Install) -> None:
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", "Hub-Client": "310000043"}
    body = invoice("X1", hub.demo["recipients"]["inbox"])
    answer = hub.call("POST", "/v1/transactions", sender.key, content=body, headers=headers)
    assert answer.status_code == 403
    assert "310000043" in answer.text


def test_two_tenants_see_nothing_of_each_other(hub: RunningHub, sender: Install) -> None:
    other = hub.install_of("310000043")
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"])
    hub.ended(sender, identifier)
    unknown = str(uuid4())
    for path in ("/v1/transactions/{}", "/v1/transactions/{}/document", "/v1/inbox/{}/document"):
        theirs, nobodys = (hub.call("GET", path.format(one), other.key) for one in (identifier, unknown))
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.text.replace(identifier, "") == nobodys.text.replace(unknown, "")
    assert identifier not in hub.call("GET", "/v1/transactions", other.key).text
    assert identifier not in hub.call("GET", "/v1/events?after=0", other.key).text
    assert hub.call("GET", "/v1/admin/companies", other.key).status_code in {403, 404}
    assert hub.call("GET", "/v1/usage?month=2026-11&client=310000035", other.key).status_code in {403, 404}
