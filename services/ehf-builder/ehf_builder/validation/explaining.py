"""Schema errors in words: libxml2 finds them (schema.py), `xmlschema` knows what the schema wanted in that place.

`xmlschema` is slow and loads for a second, so it is asked about documents that have failed only, and only about the
elements that libxml2 objected to. It reads the tree that is there: nothing is parsed or fetched.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lxml import etree
from xmlschema import (
    XMLSchema10,
    XMLSchemaChildrenValidationError,
    XMLSchemaDecodeError,
    XMLSchemaValidationError,
)

from ehf_builder.validation import paths
from hub.ubl import Element

LONGEST_VALUE = 60
MOST_CHILDREN = 1_000  # looked at in an element that libxml2 did not look into
SIMILAR = 0.7  # difflib's ratio, from which on a name counts as a misspelling of another
Sentences = tuple[str, str]

_FORMS: Mapping[str, Sentences] = {
    "date": (
        "en dato på formen ÅÅÅÅ-MM-DD, for eksempel 2026-11-24",
        "a date in the form YYYY-MM-DD, for instance 2026-11-24",
    ),
    "time": ("et klokkeslett på formen TT:MM:SS", "a time of day in the form HH:MM:SS"),
    "dateTime": ("dato og klokkeslett på formen ÅÅÅÅ-MM-DDTTT:MM:SS", "a date and time, YYYY-MM-DDTHH:MM:SS"),
    "decimal": (
        "et tall med punktum foran desimalene og uten mellomrom, for eksempel 1234.50",
        "a number with a point before its decimals and no blanks, for instance 1234.50",
    ),
    "boolean": ("true eller false", "true or false"),
    "base64Binary": ("innholdet av en fil som base64", "the content of a file in base64"),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is wrong with an element: a sentence without the place, and `xmlschema`'s own wording."""

    element: Element
    nb: str
    en: str
    text: str = field(compare=False)


class Explainer:
    """Explains by one schema, which is loaded with the first document (1 s, 30 MB)."""

    def __init__(self, schema: str) -> None:
        self._text = schema

    def explain(self, root: Element, objected: Iterable[Element]) -> Iterator[Explanation]:
        """Explain what is wrong with these elements or with what they stand in, in the document's order.

        `root` loses what comes after them: libxml2 stops at an element's first wrong child, `xmlschema` would tell of
        every one.
        """
        way: set[Any] = {each for element in objected for each in (element, *element.iterancestors())}
        present: dict[Any, set[object]] = {each: {child.tag for child in each} for each in way}
        cut = {each for each in way if _cut(each, way)}
        document: Any = root
        last: Explanation | None = None
        for error in self._schema.iter_errors(document, validation_hook=lambda element, _: element not in way):
            end = isinstance(error, XMLSchemaChildrenValidationError) and error.invalid_tag is None
            explained = None if end and error.elem in cut else _explained(error, present)
            if explained and explained != last:  # several attributes are told of together
                yield explained
            last = explained or last

    @cached_property
    def _schema(self) -> XMLSchema10:
        # The published schemas need no validation of their own, which would take two more seconds.
        return XMLSchema10(self._text, allow="local", defuse="always", validation="skip")


def _cut(element: Element, way: set[Any]) -> bool:
    """Remove the children after the last one on the way; tell whether there were any."""
    places = [place for place, child in enumerate(element, start=1) if child in way]
    last = places[-1] if places else MOST_CHILDREN
    later = list(element)[last:]
    for child in later:
        element.remove(child)
    return bool(later)


def _explained(error: XMLSchemaValidationError, present: Mapping[Any, set[object]]) -> Explanation | None:
    """Explain one error; `present` are the names of the children that an element had, the removed ones among them."""
    element: Any = error.elem
    if element is None:
        return None
    if isinstance(error, XMLSchemaChildrenValidationError):
        about, (nb, en) = _children(error, element, present.get(element, set()))
    elif isinstance(error, XMLSchemaDecodeError):
        about, (nb, en) = element, _value(error, element)
    else:
        about, (nb, en) = element, _otherwise(error, element)
    return Explanation(about, nb, en, error.reason or error.message)


def _children(
    error: XMLSchemaChildrenValidationError, parent: Element, present: set[object]
) -> tuple[Element, Sentences]:
    group: Any = error.validator
    order = {each.name: (rank, each.max_occurs) for rank, each in enumerate(group.iter_elements()) if each.name}
    wanted = [each.name for each in error.expected or () if each.name]
    if error.invalid_tag is None:
        return parent, _missing(parent, wanted)
    child = parent[error.index]
    if child.tag not in order:
        return child, _unknown(child, parent, list(order), [each for each in wanted if each not in present])
    rank, most = order[child.tag]
    later = [each for each in _before(child) if order.get(each.tag, (0,))[0] > rank]
    same = sum(each.tag == child.tag for each in _before(child))
    if later:
        return child, _misplaced(child, later[0])
    if most is not None and same >= most:
        return child, _too_many(child, parent, most)
    return child, _missing(parent, wanted, before=child)


def _before(child: Element) -> list[Element]:
    return list(child.itersiblings(etree.Element, preceding=True))[::-1]


def _missing(parent: Element, wanted: Sequence[str], before: Element | None = None) -> Sentences:
    names = [paths.name(name) for name in wanted] or ["…"]
    here = paths.name(parent.tag)
    nb, en = f"{' eller '.join(names)} mangler i {here}", f"{' or '.join(names)} is missing in {here}"
    if before is not None:
        nb, en = f"{nb}, foran {paths.name(before.tag)}", f"{en}, before {paths.name(before.tag)}"
    return f"{nb}.", f"{en}."


def _misplaced(child: Element, later: Element) -> Sentences:
    name, other = paths.name(child.tag), paths.name(later.tag)
    return (
        f"{name} står på feil plass: elementet hører hjemme foran {other}.",
        f"{name} stands in the wrong place: it belongs before {other}.",
    )


def _too_many(child: Element, parent: Element, most: int) -> Sentences:
    name, here = paths.name(child.tag), paths.name(parent.tag)
    times = ("bare én gang", "only once") if most == 1 else (f"høyst {most} ganger", f"at most {most} times")
    return f"{name} kan stå {times[0]} i {here}.", f"{name} may stand {times[1]} in {here}."


def _unknown(child: Element, parent: Element, known: Sequence[str], wanted: Sequence[str]) -> Sentences:
    name, here = paths.name(child.tag), paths.name(parent.tag)
    nb, en = f"{name} finnes ikke i {here}", f"{name} does not exist in {here}"
    close = _closest(child.tag, known)
    if close is None and wanted:
        names = [paths.name(each) for each in wanted]
        return f"{nb}. Her ventes {' eller '.join(names)}.", f"{en}. Here {' or '.join(names)} is expected."
    if close is None:
        return f"{nb}. Fjern elementet.", f"{en}. Remove the element."
    if etree.QName(close).localname != etree.QName(child).localname:
        return f"{nb}. Menes {paths.name(close)}?", f"{en}. Is {paths.name(close)} meant?"
    space = etree.QName(close).namespace
    return (
        f"{nb} med dette navnerommet. Menes {paths.name(close)} (navnerommet {space})?",
        f"{en} with this namespace. Is {paths.name(close)} meant (the namespace {space})?",
    )


def _closest(tag: str, known: Sequence[str]) -> str | None:
    """Find the name that was meant: the same one of another namespace, else one that is written nearly alike."""
    by_local = {etree.QName(name).localname: name for name in known}
    close = difflib.get_close_matches(etree.QName(tag).localname, by_local, 1, SIMILAR)
    return by_local[close[0]] if close else None


def _value(error: XMLSchemaDecodeError, element: Element) -> Sentences:
    validator: Any = error.validator
    form = _FORMS.get(getattr(validator, "local_name", None) or "")
    name, given = paths.name(element.tag), str(error.obj or "").strip()[:LONGEST_VALUE]
    if form is None:
        return _otherwise(error, element)
    if not given:
        return f"{name} er tomt. Det skal være {form[0]}.", f"{name} is empty. It must be {form[1]}."
    return f"{name} er «{given}». Det skal være {form[0]}.", f"{name} is '{given}'. It must be {form[1]}."


def _otherwise(error: XMLSchemaValidationError, element: Element) -> Sentences:
    name = paths.name(element.tag)
    attributes: Any = getattr(error.validator, "iter_required", None)
    if attributes is not None and (told := _attributes(error.validator, element, attributes)):
        return told
    if _has_text_between(element):
        return (
            f"Det står tekst mellom elementene i {name}. Fjern den, eller sett den i et element.",
            f"There is text between the elements of {name}. Remove it, or put it in an element.",
        )
    return f"{name}: {error.reason}", f"{name}: {error.reason}"


def _attributes(group: Any, element: Element, required: Callable[[], Iterable[str]]) -> Sentences | None:
    name = paths.name(element.tag)
    told: list[Sentences] = []
    if missing := [each for each in required() if each not in element.attrib]:
        listed = ", ".join(map(paths.name, missing))
        told.append((f"{name} mangler attributtet {listed}.", f"{name} lacks the attribute {listed}."))
    if foreign := [str(each) for each in element.attrib if each not in group]:
        listed = ", ".join(map(paths.name, foreign))
        nb = f"{name} kan ikke ha attributtet {listed}. Fjern det."
        told.append((nb, f"{name} cannot have the attribute {listed}. Remove it."))
    return (" ".join(nb for nb, _ in told), " ".join(en for _, en in told)) if told else None


def _has_text_between(element: Element) -> bool:
    return len(element) > 0 and any(text and text.strip() for text in (element.text, *(each.tail for each in element)))
