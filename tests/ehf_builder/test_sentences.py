"""The rules that invoices break most often are told in the words of whoever corrects the invoice, in two languages."""

from collections.abc import Mapping

import pytest
from lxml import etree

from ehf_builder.domain.sentences import KNOWN, sentences
from ehf_builder.validation.rules import Rules

OFTEN = 60  # rules at least that invoices break; each has a sentence of its own
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_ATTRIBUTE = "{http://www.w3.org/1999/XSL/Transform}attribute"


@pytest.fixture(scope="module")
def official(rules: Rules) -> Mapping[str, str]:
    """The official text of every rule that is listed, by its id."""
    texts: dict[str, str] = {}
    for path in {path for each in rules.sets for paths in each.stylesheets.values() for path in paths}:
        for rule in etree.parse(rules.folder / path).getroot().iter(f"{_SVRL}failed-assert"):
            name = rule.findtext(f"{_ATTRIBUTE}[@name='id']") or ""
            texts[name] = " ".join((rule.findtext(f"{_SVRL}text") or "").split())
    return texts


def test_every_rule_with_a_sentence_exists(official: Mapping[str, str]) -> None:
    assert KNOWN.keys() <= official.keys()
    assert len(KNOWN) >= OFTEN


def test_every_sentence_is_one_in_both_languages() -> None:
    for rule, (nb, en) in KNOWN.items():
        assert nb != en, rule
        assert nb.endswith("."), rule
        assert en.endswith("."), rule
        assert rule not in nb, rule


@pytest.mark.parametrize("category", ["S", "Z", "E", "AE", "G", "O", "IC"])
def test_the_rules_of_every_vat_category_are_told_in_words(official: Mapping[str, str], category: str) -> None:
    rules = [rule for rule in official if rule.startswith(f"BR-{category}-")]
    assert len(rules) >= 10
    for rule in rules:
        nb, en = sentences(rule, official[rule])
        assert "{" not in nb + en
        assert not en.startswith("Rule "), rule


@pytest.mark.parametrize(
    ("rule", "nb"),
    [
        ("BR-S-10", "Kategori S kan ikke ha en fritaksgrunn. Fjern den."),
        ("BR-E-10", "Kategori E må ha en fritaksgrunn, som tekst eller kode."),
        ("BR-O-03", "Kategori O kan ikke stå sammen med et MVA-nummer, verken selgerens eller kjøperens."),
        ("BR-IC-05", "En linje med kategori K må ha sats 0."),
        ("BR-DEC-14", "Et beløp har mer enn to desimaler."),
        ("UBL-CR-646", "Feltet brukes ikke i EHF, så mottakeren leser det kanskje ikke. Utelat det."),
        ("EHF-PR-B00103", "cbc:ID mangler."),
        ("EHF-REMINDER-B00901", "Verdien finnes ikke i kodeverket «Currency codes (ISO 4217)»."),
        ("PEPPOL-EN16931-P0105", "Fritakskoden hører til kategori O."),
    ],
)
def test_what_is_said_fits_the_rule(official: Mapping[str, str], rule: str, nb: str) -> None:
    assert sentences(rule, official[rule])[0] == nb


def test_other_rules_speak_by_their_official_text(official: Mapping[str, str]) -> None:
    nb, en = sentences("DE-R-001", official["DE-R-001"])
    assert official["DE-R-001"] in nb
    assert official["DE-R-001"] in en
