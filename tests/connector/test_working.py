"""From the ERP's folder to the hub and back: what a person finds in the folders, whatever the hub does or leaves."""

import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.keys import Scope
from hub_connector import durable
from hub_connector.watching import FOLLOWING_TROUBLE, LOCAL_TROUBLE, SENDING_TROUBLE, now
from tests.connector.premises import Door, Premises, csv, row
from tests.gateway.happenings import story_of
from tests.gateway.ubl import endpoint, legal, ubl
from tests.gateway.world import ALFA, DELTA, GAMMA, headers, invoice

WEEKS = timedelta(days=30)


def to_gamma(number: str, **changed: Any) -> dict[str, Any]:
    return invoice(number, buyer={"organisation_number": GAMMA}, **changed)


def later(days: float) -> Any:
    return lambda: now() + timedelta(days=days)


async def test_a_file_goes_from_out_by_way_of_sending_to_sent_with_its_receipt(door: Door, premises: Premises) -> None:
    premises.drop("a.csv", csv(row("1"), row("2")))
    await premises.work()
    assert premises.names("sending") == ["a.csv"]
    under_way = premises.receipt("sending", "a.csv")
    await door.deliver()
    await premises.work()
    assert (premises.names("out"), premises.names("sending"), premises.names("sent")) == ([], [], ["a.csv"])
    assert (premises.folders.sent / "a.csv").read_bytes() == csv(row("1"), row("2"))
    assert not (premises.folders.sending / "a.csv.txt").exists()
    assert "Faktura 1: MOTTATT AV MELDINGSSENTRALEN" in under_way
    receipt = premises.receipt("sent", "a.csv")
    assert "Faktura 1: LEVERT" in receipt
    assert "Levert (filoverføring, bekreftet av sftp.example.no)" in receipt
    assert premises.told() == {
        (number, status): 1 for number in "12" for status in ("accepted", "ready", "routed", "delivered")
    }


async def test_what_the_hub_refuses_is_told_in_the_columns_of_the_erp(door: Door, premises: Premises) -> None:
    premises.drop("a.csv", csv(row("1"), row("2").replace(GAMMA, "")))
    await premises.work()
    assert premises.names("failed") == ["a.csv"]
    receipt = premises.receipt("failed", "a.csv")
    assert "Faktura 1: MOTTATT" in receipt
    assert "Faktura 2: IKKE SENDT\n  - Orgnr:" in receipt.replace("\r\n", "\n")
    [rejected] = [one for one in premises.statuses if one["status"] == "rejected"]
    assert (rejected["file"], rejected["invoice_number"], rejected["problems"][0]["field"]) == ("a.csv", "2", "Orgnr")
    assert len(await door.transactions()) == 1


async def test_what_was_sent_before_counts_when_the_corrected_file_comes_again(door: Door, premises: Premises) -> None:
    premises.drop("a.csv", csv(row("1"), row("2").replace(GAMMA, "")))
    await premises.work()
    (premises.folders.failed / "a.csv").unlink()
    premises.drop("a.csv", csv(row("1"), row("2")))
    await premises.work()
    await door.deliver()
    await premises.work()
    assert [one.number for one in await door.transactions()] == ["1", "2"]
    assert (premises.names("failed"), premises.names("sent")) == ([], ["a.csv"])
    assert not (premises.folders.failed / "a.csv.txt").exists()
    assert "Meldingssentralen hadde den allerede" in premises.receipt("sent", "a.csv")


async def test_another_document_with_a_number_in_use_is_not_taken_for_the_same(door: Door, premises: Premises) -> None:
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    premises.drop("b.json", to_gamma("1", buyer_reference="Ola"))
    await premises.work()
    assert premises.names("failed") == ["b.json"]
    [transaction] = await door.transactions()
    assert f"et annet dokument med nummer 1 (transaksjon {transaction.id})" in premises.receipt("failed", "b.json")


async def test_what_fails_or_comes_back_later_moves_to_failed_and_may_be_sent_again(
    door: Door, premises: Premises
) -> None:
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    await door.deliver()
    await premises.work()
    assert premises.names("sent") == ["a.json"]
    [story] = await door.stories()
    await door.world.handle(story.returned())
    await premises.work()
    assert (premises.names("sent"), premises.names("failed")) == ([], ["a.json"])
    assert "KOM I RETUR" in premises.receipt("failed", "a.json")
    (premises.folders.failed / "a.json").rename(premises.folders.out / "a.json")
    await premises.work()
    assert [one.state for one in await door.transactions()] == ["returned", "accepted"]
    assert premises.names("sending") == ["a.json"]


async def test_without_the_hub_files_wait_and_go_out_when_it_is_back(door: Door, premises: Premises) -> None:
    async with door.closed():
        premises.drop("a.csv", csv(row("1"), row("2")))
        premises.drop("b.xml", ubl(endpoint(DELTA) + legal(DELTA), endpoint(GAMMA), number="3"))
        await premises.work()
        assert premises.names("sending") == ["a.csv", "b.xml"]
        assert "svarer ikke" in premises.receipt("sending", "a.csv")
        journal = premises.journal()
        troubles = [journal.mark(SENDING_TROUBLE), journal.mark(FOLLOWING_TROUBLE)]
        journal.close()
    await premises.work(clock=later(1))
    assert all("svarer ikke" in str(trouble) for trouble in troubles)
    assert sorted(one.number for one in await door.transactions()) == ["1", "2", "3"]
    assert "svarer ikke" not in premises.receipt("sending", "a.csv")


async def test_a_key_that_is_revoked_holds_everything_and_refuses_nothing(door: Door, premises: Premises) -> None:
    await door.world.sql("UPDATE api_key SET revoked_at = now() WHERE id = :id", id=door.world.key_ids["delta"])
    premises.drop("a.csv", csv(row("1"), row("2")))
    await premises.work()
    assert premises.names("sending") == ["a.csv"]
    assert "Nøkkelen mangler, er ukjent, utløpt eller trukket tilbake" in premises.receipt("sending", "a.csv")
    await door.world.sql("UPDATE api_key SET revoked_at = NULL WHERE id = :id", id=door.world.key_ids["delta"])
    await premises.work(clock=later(1))
    assert sorted(one.number for one in await door.transactions()) == ["1", "2"]


async def test_a_company_without_a_mandate_waits_and_the_others_go_on(door: Door, tmp_path: Path) -> None:
    office = Premises.at(tmp_path / "office", door.url, door.world.keys["office"])
    for company, number in ((GAMMA, "1"), (ALFA, "2")):
        (office.folders.out / company).mkdir()
        office.drop(f"{company}/{number}.json", to_gamma(number))
    await office.work()
    assert [(one.client, one.number) for one in await door.transactions()] == [(ALFA, "2")]
    assert f"har ikke lov til å handle for {GAMMA}" in office.receipt("sending", "1.json")
    assert office.names("out") == [ALFA, GAMMA]


async def test_an_old_attempt_is_looked_up_before_it_is_repeated(door: Door, premises: Premises) -> None:
    """The hub took it, cancelled it since, and forgot the key: sent again, it would go out although nobody said so."""
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    [transaction] = await door.transactions()
    forget_the_answer(premises)
    await door.world.sql("UPDATE transaction SET state = 'cancelled', holds_number = false")
    await door.world.sql("DELETE FROM idempotency")
    await premises.work(clock=later(4))
    assert [one.id for one in await door.transactions()] == [transaction.id]
    assert str(transaction.id) in premises.receipt("sending", "a.json")


@pytest.mark.parametrize("pdf", [b"%PDF-1.4 a %%EOF", b"%PDF-1.4 another %%EOF"])
async def test_ubl_is_known_again_with_the_pdf_that_the_hub_put_into_it(
    door: Door, premises: Premises, pdf: bytes
) -> None:
    document = ubl(endpoint(DELTA) + legal(DELTA), endpoint(GAMMA), number="4")
    premises.drop("a.pdf", b"%PDF-1.4 a %%EOF")
    premises.drop("a.xml", document)
    await premises.work()
    [transaction] = await door.transactions()
    premises.drop("b.pdf", pdf)
    (premises.folders.out / "b.pdf").rename(premises.folders.out / "a.pdf")
    premises.drop("a.xml", document)
    await premises.work()
    assert [one.id for one in await door.transactions()] == [transaction.id]
    other = premises.names("failed")
    assert other == ([] if pdf == b"%PDF-1.4 a %%EOF" else ["a~2.pdf", "a~2.xml"])
    assert premises.names("sending")[:2] == ["a.pdf", "a.xml"]
    async with door.world.client("delta") as http:
        received = await http.get(f"/v1/transactions/{transaction.id}/document", params={"version": "received"})
    assert b'filename="a.pdf"' in received.content


async def test_an_old_attempt_that_never_reached_the_hub_is_made_again(door: Door, premises: Premises) -> None:
    async with door.closed():
        premises.drop("a.json", to_gamma("1"))
        await premises.work()
    await premises.work(clock=later(30))
    assert [one.number for one in await door.transactions()] == ["1"]


async def test_without_its_journal_what_lay_in_sending_is_put_in_again_and_counts_once(
    door: Door, premises: Premises
) -> None:
    premises.drop("a.csv", csv(row("1"), row("2")))
    await premises.work()
    premises.lose_journal()
    (premises.folders.sending / "a.csv").rename(premises.folders.out / "a.csv")
    await premises.work()
    await door.deliver()
    await premises.work()
    assert [one.number for one in await door.transactions()] == ["1", "2"]
    assert premises.names("sent") == ["a.csv"]


def forget_the_answer(premises: Premises) -> None:
    with sqlite3.connect(premises.config.data / "journal.db") as journal:
        journal.execute("UPDATE letter SET status = 'waiting', transaction_id = NULL, answered_at = NULL")
    journal.close()


async def test_a_feed_with_a_hole_is_told_and_every_open_invoice_asked_for(
    door: Door, premises: Premises, caplog: pytest.LogCaptureFixture
) -> None:
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    [story] = await door.stories()
    await door.world.handle(story.ready())
    await premises.work()
    await door.world.handle(story.ordered_by_ftp(), story.delivered())
    async with door.world.client("delta") as http:
        await http.get("/v1/events", params={"after": 1})
    await door.world.sql("DELETE FROM feed WHERE number < 3")  # as housekeeping does after 90 days
    await premises.work()
    assert "over 90 dager: 1 hendelser er borte" in caplog.text
    assert premises.names("sent") == ["a.json"]
    premises.drop("b.json", to_gamma("2"))
    await premises.work()
    await door.deliver()
    await door.world.sql("UPDATE feed_counter SET last = last + 3 WHERE install = :id", id=door.world.ids["delta"])
    caplog.clear()
    await premises.work()
    assert "3 hendelser er borte" in caplog.text
    assert premises.names("sent") == ["a.json", "b.json"]
    caplog.clear()
    await premises.work()
    assert caplog.text == ""


async def test_a_hub_that_was_set_back_is_followed_from_where_it_is(
    door: Door, premises: Premises, caplog: pytest.LogCaptureFixture
) -> None:
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    [story] = await door.stories()
    await door.world.handle(story.ready())
    journal = premises.journal()
    journal.set_mark("feed after", "100")
    journal.close()
    await premises.work()
    assert "har færre hendelser (1) enn vi har lest (100)" in caplog.text
    assert "Kontrollert" in premises.receipt("sending", "a.json")
    await door.world.handle(story.ordered_by_ftp(), story.delivered())
    await premises.work()
    assert premises.names("sent") == ["a.json"]


async def test_what_arrives_lies_in_the_companys_folder_once_and_is_acknowledged(
    door: Door, premises: Premises
) -> None:
    await door.fill_inbox(DELTA, "2026/77")
    await premises.work()
    await premises.work()
    assert premises.documents == [b"<Invoice/>"]
    [item] = await door.world.sql("SELECT * FROM inbox_item")
    assert item.acknowledged_at is not None
    [told] = [one for one in premises.statuses if one["status"] == "received"]
    assert (told["company"], told["invoice_number"]) == (DELTA, "2026/77")


async def test_nothing_is_acknowledged_before_it_lies_there(
    door: Door, premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> Path:
        if premises.folders.inbox in path.parents:
            raise OSError(28, "No space left on device")
        return write_part(path, content)

    write_part = durable.write_part
    monkeypatch.setattr(durable, "write_part", full)
    await door.fill_inbox(DELTA, "77")
    await premises.work()
    [item] = await door.world.sql("SELECT * FROM inbox_item")
    journal = premises.journal()
    assert "No space left" in str(journal.mark(FOLLOWING_TROUBLE))
    journal.close()
    assert (item.acknowledged_at, premises.documents) == (None, [])
    monkeypatch.undo()
    await premises.work()
    assert premises.documents == [b"<Invoice/>"]


async def test_a_disk_too_full_for_receipts_holds_up_no_invoice(
    door: Door, premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> Path:
        if path.suffix == ".txt":
            raise OSError(28, "No space left on device")
        return write_part(path, content)

    write_part = durable.write_part
    monkeypatch.setattr(durable, "write_part", full)
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    assert [one.number for one in await door.transactions()] == ["1"]
    journal = premises.journal()
    assert "No space left" in str(journal.mark(LOCAL_TROUBLE))
    journal.close()
    monkeypatch.undo()
    await door.deliver()
    await premises.work()
    assert "LEVERT" in premises.receipt("sent", "a.json")
    journal = premises.journal()
    assert journal.mark(LOCAL_TROUBLE) is None
    journal.close()


async def test_an_item_that_another_install_holds_is_acknowledged_when_that_one_is_done(
    door: Door, premises: Premises, caplog: pytest.LogCaptureFixture
) -> None:
    await door.world.add_install("delta's other", owner_company=DELTA)
    await door.fill_inbox(DELTA, "77")
    await premises.work()
    await door.world.sql("UPDATE inbox_item SET acknowledged_at = NULL, leased_by = :id, leased_until = now() + interval '1 hour'", id=door.world.ids["delta's other"])  # fmt: skip  # noqa: E501
    with sqlite3.connect(premises.config.data / "journal.db") as journal:
        journal.execute("UPDATE arrival SET acknowledged = 0")
    journal.close()
    await premises.work()
    assert "En annen installasjon har også hentet" in caplog.text
    async with door.world.client("delta's other") as http:
        [item] = await door.world.sql("SELECT id FROM inbox_item")
        assert (await http.post(f"/v1/inbox/{item.id}/ack")).status_code == 200
    await premises.work()
    assert len(premises.documents) == 1


async def test_a_key_without_the_inbox_sends_all_the_same(door: Door, tmp_path: Path) -> None:
    await door.world.add_install("only sends", owner_company=DELTA, scopes=[Scope.TRANSACTIONS])
    premises = Premises.at(tmp_path / "p", door.url, door.world.keys["only sends"])
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    await door.deliver()
    await premises.work()
    assert premises.names("sent") == ["a.json"]


async def test_what_others_send_with_the_same_key_is_told_too(door: Door, premises: Premises) -> None:
    async with door.world.client("delta") as http:
        answer = await http.post("/v1/transactions", json=to_gamma("9"), headers=headers())
    story = await story_of(door.world, answer.json()["transaction_id"])
    await door.world.handle(story.refused())
    await premises.work()
    [told] = premises.statuses
    assert (told["status"], told["invoice_number"], told["problems"][0]["nb"]) == (
        "refused",
        "9",
        "Serveren svarer ikke.",
    )
    assert "file" not in told


async def test_a_pdf_beside_csv_travels_in_the_invoice_and_moves_with_the_file(door: Door, premises: Premises) -> None:
    premises.drop("a.pdf", b"%PDF-1.4 %%EOF")
    premises.drop("a.csv", csv(row("1")))
    await premises.work()
    assert (premises.names("out"), premises.names("sending")) == ([], ["a.csv", "a.pdf"])
    await door.deliver()
    await premises.work()
    assert premises.names("sent") == ["a.csv", "a.pdf"]
    [transaction] = await door.transactions()
    async with door.world.client("delta") as http:
        received = await http.get(f"/v1/transactions/{transaction.id}/document", params={"version": "received"})
    assert received.json()["attachments"][0]["filename"] == "a.pdf"


async def test_what_ended_long_ago_is_forgotten_and_its_files_stay(door: Door, premises: Premises) -> None:
    premises.drop("a.json", to_gamma("1"))
    await premises.work()
    premises.drop("b.json", to_gamma("2"))
    [story] = await door.stories()
    await door.world.handle(story.ready(), story.ordered_by_ftp(), story.delivered())
    await premises.work()
    journal = premises.journal()
    journal.forget(datetime.fromisoformat("2100-01-01T00:00:00+00:00"))
    assert [one.name for one in journal.files("1 = 1")] == ["b.json"]
    journal.close()
    assert premises.names("sent") == ["a.json"]


async def test_receipts_are_in_the_language_of_the_configuration(premises: Premises) -> None:
    english = Premises(replace(premises.config, language="en"))
    english.drop("a.csv", csv(row("1").replace("1,5", "x")))
    await english.work(steps=1)
    receipt = english.receipt("failed", "a.csv")
    assert "NOTHING WAS SENT" in receipt
    assert "Antall, row 2: `x` is not a number" in receipt
    assert json.loads(json.dumps(english.statuses[0]["problems"][0]))["nb"].startswith("«x» er ikke et tall")
