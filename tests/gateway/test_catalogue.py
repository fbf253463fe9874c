"""Everything that the hub says no to is in the catalogue, and the page is made of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from gateway.api.problems import details
from gateway.catalogue import CATALOGUE
from gateway.catalogue.page import page
from hub.errors import Problem

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared" / "hub").rglob("*.py")]
# Told to operators only, by /ops.
OPERATORS = {
    "leg-under-way",
    "sent-anew",
    "may-have-arrived",
    "never-routed",
    "inbound-inbox-only",
    "wrong-address",
    "sftp-target-unknown",
    "sftp-target-id",
}


def constants(tree: ast.AST) -> dict[str, str]:
    """The module's names for texts."""
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def codes(source: Path) -> Iterator[str]:
    """Every code that the module makes a Problem with, and those of its own findings (`HUB-KID` is `kid`)."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    named = constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("HUB-"):
            yield node.value.removeprefix("HUB-").lower()
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem"):
            continue
        for keyword in node.keywords:
            if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)
            if keyword.arg == "code" and isinstance(keyword.value, ast.Name) and keyword.value.id in named:
                yield named[keyword.value.id]


def told() -> set[str]:
    found = {code for source in SOURCES for code in codes(source) if code}
    assert {"duplicate-number", "kid", "no-route", "sftp-other-file", "delivery-error"} <= found, "the search is blind"
    return found | {"rule"}


def test_every_problem_in_the_code_is_in_the_catalogue_and_no_other() -> None:
    assert told() - OPERATORS == set(CATALOGUE)


def test_the_page_says_what_the_catalogue_says() -> None:
    written = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert written == page(CATALOGUE.values()), "write it anew: python -m gateway problems > docs/problems.md"


def test_each_kind_is_told_in_both_languages_with_cause_and_remedy() -> None:
    for kind in CATALOGUE.values():
        sentences = [*kind.cause, *kind.remedy]
        assert all([*kind.title, *sentences]), kind.code
        assert not kind.title.en.endswith("."), kind.code
        assert all(sentence.endswith(".") for sentence in sentences), kind.code
        for words in (kind.title, kind.cause, kind.remedy):
            assert words.nb != words.en, kind.code


def test_an_answer_has_the_status_and_titles_of_its_kind() -> None:
    status, body = details(Problem(code="duplicate-number", nb="Nummer 1 er sendt.", en="Number 1 was sent."))
    assert (status, body["status"]) == (409, 409)
    assert body["type"] == CATALOGUE["duplicate-number"].type == "urn:sentral:problem:duplicate-number"
    assert (body["title"], body["title_nb"]) == ("The number is in use", "Nummeret er i bruk")
    assert (body["detail"], body["detail_nb"]) == ("Number 1 was sent.", "Nummer 1 er sendt.")


def test_a_problem_that_only_a_newer_service_knows_is_answered_as_wrong_content() -> None:
    status, body = details(Problem(code="of-tomorrow", nb="Nei.", en="No."))
    assert (status, body["title"]) == (422, CATALOGUE["invalid"].title.en)
