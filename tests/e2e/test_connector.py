"""Two firms' connectors and a whole hub between them: from one ERP's CSV to the other's inbox folder."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from tests.connector.premises import MAP, Premises
from tests.connector.steps import run
from tests.e2e.hub import RunningHub

HEADING = "Type;Fakturanr;Dato;Forfall;Orgnr;KID;Tekst;Antall;Pris;Mva;Navn;Adresse;Sted;Postnr;Land;Ref"
INVOICE = """
[invoice]
type = { column = "Type", values = { F = "invoice" } }
number = "Fakturanr"
issue_date = "Dato"
due_date = "Forfall"
buyer_reference = "Ref"
[invoice.buyer]
name = "Navn"
organisation_number = "Orgnr"
address = { street = "Adresse", city = "Sted", postal_code = "Postnr", country = "Land" }
"""


def test_an_invoice_reaches_the_other_erps_folder_although_the_gateway_dies(hub: RunningHub, tmp_path: Path) -> None:
    recipient = hub.demo["recipients"]["inbox"]
    sender, receiver = (
        Premises.at(tmp_path / who, f"http://127.0.0.1:{hub.port}", hub.install_of(who).key)
        for who in ("310000019", recipient)
    )
    csv_map = sender.config.csv_map
    assert csv_map is not None
    lines = MAP.partition("[line]")[2]
    csv_map.write_text(f"{INVOICE}[line]{lines}")
    numbers = [f"K{uuid4().hex[:8]}" for _ in range(3)]
    rows = [
        f"F;{number};{day()};{day()};{recipient};;Brød på dør'n;2;49,90;25;Mottaker AS;Gata 1;Bergen;5003;NO;Kåre"
        for number in numbers
    ]
    sender.drop("ut.csv", "\n".join([HEADING, *rows, ""]).encode("cp1252"))
    os.kill(hub.pid_of("gateway"), signal.SIGKILL)

    def arrived() -> bool:
        for premises in (sender, receiver):
            run(premises.config, steps=1)
            premises.empty()
            for name in premises.names("failed"):
                pytest.fail(premises.receipt("failed", name))
        return sender.names("sent") == ["ut.csv"] and documents() == sorted(numbers)

    def documents() -> list[str]:
        return sorted(number for one in receiver.documents for number in numbers if number.encode() in one)

    hub.until(arrived, "the invoices lie in the other firm's folder", seconds=120)
    told = {(number, status): count for (number, status), count in sender.told().items() if number in numbers}
    assert told == {
        (number, status): 1 for number in numbers for status in ("accepted", "ready", "routed", "delivered")
    }
    assert "bekreftet av Sentral inbox" in sender.receipt("sent", "ut.csv")
    run(receiver.config)
    receiver.empty()
    assert documents() == sorted(numbers)


def day() -> str:
    return datetime.now(UTC).strftime("%d.%m.%Y")
