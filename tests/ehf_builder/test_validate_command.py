"""`python -m ehf_builder validate FILE…`: one JSON line per file and an exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.ehf_builder.invoices import EXAMPLES


def run(*files: object, **environment: str) -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "ehf_builder", "validate", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_every_file_gets_its_line_in_the_order_given(tmp_path: Path) -> None:
    valid = EXAMPLES / "08-inbound.xml"
    text = valid.read_text()
    for name, content in {
        "rules.xml": text.replace("<cbc:BuyerReference>Verkstedet</cbc:BuyerReference>", ""),
        "schema.xml": text.replace("cbc:IssueDate>", "cbc:IssuedOn>"),
        "other.xml": "<faktura/>",
    }.items():
        (tmp_path / name).write_text(content)
    files = [valid, *(tmp_path / name for name in ("rules.xml", "schema.xml", "other.xml", "missing.xml")), tmp_path]
    code, lines, _ = run(*files)
    assert code == 1
    assert [line["file"] for line in lines] == [str(file) for file in files]
    assert [set(line) for line in lines] == [{"file", "valid", "fatal", "warnings", "rule_set", "error"}] * 6
    assert [line["fatal"] for line in lines] == [[], ["PEPPOL-EN16931-R003"], ["XSD"], [], [], []]
    assert [line["valid"] for line in lines] == [True, False, False, False, False, False]
    assert lines[0]["error"] is None
    assert lines[0]["rule_set"].startswith("peppol-")
    assert "not supported" in lines[3]["error"]
    assert lines[4]["error"] == "No such file or directory"
    assert lines[5]["error"] == "Is a directory"


def test_findings_are_explained_where_asked_for(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_text((EXAMPLES / "08-inbound.xml").read_text().replace("cbc:IssueDate>", "cbc:IssueDates>"))
    code, (line,), _ = run("--explain", broken)
    (finding,) = line["findings"]
    assert (code, finding["rule"], finding["severity"]) == (1, "XSD", "fatal")
    assert (finding["location"], finding["line"]) == ("/Invoice/cbc:IssueDates", 6)
    assert "Menes cbc:IssueDate?" in finding["nb"]
    assert "Is cbc:IssueDate meant?" in finding["en"]


def test_many_files_are_judged_by_several_workers_in_order(tmp_path: Path) -> None:
    text = (EXAMPLES / "08-inbound.xml").read_text()
    files = [tmp_path / f"{n}.xml" for n in range(40)]
    for n, file in enumerate(files):
        file.write_text(text if n % 2 else "<faktura/>")
    code, lines, _ = run(*files)
    assert code == 1
    assert [line["file"] for line in lines] == [str(file) for file in files]
    assert [line["valid"] for line in lines] == [n % 2 == 1 for n in range(40)]


def test_all_valid_is_0_and_nothing_to_judge_is_2() -> None:
    assert run(EXAMPLES / "03-with-pdf.xml")[0] == 0
    code, lines, told = run()
    assert (code, lines) == (2, [])
    assert "FILE" in told


def test_the_rule_sets_are_listed_with_their_days_and_hashes() -> None:
    done = subprocess.run([sys.executable, "-m", "ehf_builder", "rules"], capture_output=True, text=True, check=True)
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    by_type = {kind: each for each in listed for kind in each["document_types"]}
    assert {"invoice", "creditnote", "invoice_response", "mls", "reminder", "payment_request"} <= set(by_type)
    assert all(len(sha256) == 64 for each in listed for sha256 in each["stylesheets"].values())
    assert by_type["reminder"]["valid_from"] == "2023-02-01"
    assert by_type["reminder"]["valid_to"] is None
    assert by_type["reminder"]["in_force"]


def test_a_shadow_run_tells_what_another_days_rules_would_change(tmp_path: Path) -> None:
    text = (EXAMPLES / "08-inbound.xml").read_text()
    same, other = tmp_path / "same.xml", tmp_path / "other.xml"
    same.write_text(text)
    profile = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    assert profile in text
    other.write_text(text.replace(profile, "urn:peppol:bis:billing_with_response"))  # allowed by the later release only

    def shadow(*files: Path) -> tuple[int, list[dict[str, Any]]]:
        command = [sys.executable, "-m", "ehf_builder", "shadow", "2026-03-01", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    assert shadow(same) == (0, [])
    _, changes = shadow(same, other)
    assert [(change["file"], change["rule_sets"][1]) for change in changes] == [(str(other), "peppol-2025.11")]
    assert changes[0]["today"] != changes[0]["then"]
