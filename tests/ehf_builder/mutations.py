"""Official documents made wrong in every way that a seeded chance thinks of."""

import copy
import random
from collections.abc import Callable

from lxml import etree

from hub.ubl import CAC, CBC, Element

TEXTS = (
    *("", " ", "\n\t", "0", "-1", "1", "0.005", "1000000000.00", "1e3", "NaN", "abc", "true", "false", "VAT", "vat"),
    *("S", "E", "AE", "K", "G", "O", "Z", "L", "M", "NO", "DE", "SE", "DK", "IT", "NL", "GR", "EL", "IS", "XX"),
    *(
        "2026-13-01",
        "2026-02-29",
        "2017-11-01",
        "381",
        "380",
        "30",
        "58",
        "59",
        "48",
        "NOK",
        "EUR",
        "XYZ",
        "VATEX-EU-O",
    ),
    *(
        "NO991825827MVA",
        "NO999999999",
        "SE556677889901",
        "#SKONTO#TAGE=7#PROZENT=2.00#",
        "æøå \ue000\ue001 <&>\"'",
        "]]>",
    ),
)
COUNTRIES = ("NO", "DE", "SE", "DK", "IT", "NL", "GR", "EL", "IS", "FR")
Mutation = Callable[[random.Random, Element, list[Element]], None]


def drop(_chance: random.Random, target: Element, _every: list[Element]) -> None:
    parent = target.getparent()
    assert parent is not None
    parent.remove(target)


def duplicate(_chance: random.Random, target: Element, _every: list[Element]) -> None:
    target.addnext(copy.deepcopy(target))


def repeat(chance: random.Random, target: Element, _every: list[Element]) -> None:
    for _ in range(chance.randint(2, 12)):
        target.addnext(copy.deepcopy(target))


def rename(chance: random.Random, target: Element, every: list[Element]) -> None:
    name = etree.QName(target)
    other = etree.QName(chance.choice(every)).localname
    namespace = chance.choice([name.namespace, CAC, CBC, "", "urn:other", "urn:o'ther"])
    target.tag = etree.QName(namespace or None, chance.choice([name.localname, other])).text


def move(chance: random.Random, target: Element, every: list[Element]) -> None:
    place = chance.choice(every)
    if place is not target and target not in place.iterancestors():
        place.append(target)


def copy_elsewhere(chance: random.Random, target: Element, every: list[Element]) -> None:
    chance.choice(every).append(copy.deepcopy(target))


def change_text(chance: random.Random, target: Element, every: list[Element]) -> None:
    target.text = chance.choice([chance.choice(TEXTS), chance.choice(every).text or "", f" {target.text or ''} "])


def change_attribute(chance: random.Random, target: Element, every: list[Element]) -> None:
    names = [str(name) for element in every for name in element.attrib]
    name = chance.choice([*names, "currencyID", "schemeID", "listID", "mimeCode", "{urn:other}schemeID"])
    target.set(name, chance.choice(TEXTS))


def drop_attributes(_chance: random.Random, target: Element, _every: list[Element]) -> None:
    target.attrib.clear()


def empty(_chance: random.Random, target: Element, _every: list[Element]) -> None:
    target[:] = []
    target.text = None


def interrupt(_chance: random.Random, target: Element, _every: list[Element]) -> None:
    target.insert(0, etree.Comment(" remark "))
    target.addprevious(etree.ProcessingInstruction("remark", "here"))


def move_abroad(chance: random.Random, target: Element, _every: list[Element]) -> None:
    """Let the rules of other countries apply, for seller, buyer or both."""
    root = target.getroottree().getroot()
    country = chance.choice(COUNTRIES)
    for code in root.iter(f"{{{CBC}}}IdentificationCode"):
        if chance.random() < 0.7:
            code.text = country
    for scheme in root.iter(f"{{{CAC}}}PartyTaxScheme"):
        for number in scheme.iterchildren(f"{{{CBC}}}CompanyID"):
            number.text = country + (number.text or "")[2:]


MUTATIONS: tuple[Mutation, ...] = (
    *(drop, drop, duplicate, repeat, rename, move, copy_elsewhere, change_text, change_text, change_text),
    *(change_attribute, drop_attributes, empty, interrupt, move_abroad, move_abroad),
)


def mutated(document: bytes, seed: int) -> bytes:
    """Make one to eight changes; the same seed makes the same ones."""
    chance = random.Random(seed)
    root = etree.fromstring(document)
    for _ in range(chance.choice([1, 1, 2, 3, 5, 8])):
        every = [element for element in root.iter(etree.Element) if element is not root]
        if every:
            chance.choice(MUTATIONS)(chance, chance.choice(every), every)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
