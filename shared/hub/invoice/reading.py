"""From received bytes to the invoice model, or to findings that name every field that is wrong, at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from hub.invoice.findings import Finding, own
from hub.invoice.model import Invoice
from hub.invoice.types import Part

Model = TypeVar("Model", bound=Part)
RULE = "HUB-JSON"

# pydantic's error types in a bookkeeper's words; {…} is filled from the error's context.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("Feltet mangler.", "The field is missing."),
    "extra_forbidden": (
        "Feltet er ukjent. Se etter skrivefeil, eller fjern det.",
        "The field is unknown. Look for a spelling mistake, or remove it.",
    ),
    "string_type": ("Verdien må være tekst.", "The value must be text."),
    "string_too_short": ("Feltet er tomt.", "The field is empty."),
    "string_too_long": (
        "Teksten er for lang; høyst {max_length} tegn.",
        "The text is too long; at most {max_length} characters.",
    ),
    "string_pattern_mismatch": (
        "Verdien har ikke riktig form (mønster {pattern}).",
        "The value does not have the right form (pattern {pattern}).",
    ),
    "decimal_parsing": (
        "Verdien må være et tall med punktum, for eksempel 1200.50.",
        "The value must be a number with a point, such as 1200.50.",
    ),
    "decimal_type": ("Verdien må være et tall.", "The value must be a number."),
    "decimal_max_places": (
        "Høyst {decimal_places} desimaler.",
        "At most {decimal_places} decimals.",
    ),
    "decimal_max_digits": ("Tallet er for langt.", "The number is too long."),
    "decimal_whole_digits": ("Tallet er for langt.", "The number is too long."),
    "finite_number": ("Verdien må være et endelig tall.", "The value must be a finite number."),
    "greater_than": ("Verdien må være større enn {gt}.", "The value must be greater than {gt}."),
    "greater_than_equal": ("Verdien må være minst {ge}.", "The value must be at least {ge}."),
    "less_than_equal": ("Verdien kan ikke være over {le}.", "The value cannot be above {le}."),
    "literal_error": ("Verdien må være {expected}.", "The value must be {expected}."),
    "enum": ("Verdien må være {expected}.", "The value must be {expected}."),
    "date_from_datetime_parsing": ("Datoen finnes ikke.", "There is no such date."),
    "date_parsing": ("Datoen finnes ikke.", "There is no such date."),
    "model_type": ("Verdien må være et objekt med felt.", "The value must be an object with fields."),
    "tuple_type": ("Verdien må være en liste.", "The value must be a list."),
    "too_short": ("Listen må ha minst {min_length}.", "The list must have at least {min_length}."),
    "too_long": ("Listen kan ha høyst {max_length}.", "The list can have at most {max_length}."),
    "json_invalid": ("Dette er ikke gyldig JSON: {error}.", "This is not valid JSON: {error}."),
}
_OTHERWISE = ("Verdien kan ikke brukes her.", "The value cannot be used here.")


def read(received: bytes) -> tuple[Invoice | None, tuple[Finding, ...]]:
    """Parse `application/json` (UTF-8, with or without BOM); either the invoice or findings, never both."""
    return read_as(Invoice, received)


def read_as(model: type[Model], received: bytes) -> tuple[Model | None, tuple[Finding, ...]]:
    """Parse JSON as any model made of parts, in the same way."""
    try:
        return model.model_validate_json(received.removeprefix(b"\xef\xbb\xbf")), ()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        wrong = {problem["loc"] for problem in problems}
        return None, tuple(
            _finding(problem["loc"], problem["type"], problem.get("ctx", {}))
            for problem in problems
            if not (problem["type"] == "too_short" and _has_wrong_parts(problem["loc"], wrong))
        )


def field_path(location: Sequence[int | str]) -> str:
    """Write a location as the caller would: `lines[0].vat.rate`."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _has_wrong_parts(location: tuple[int | str, ...], wrong: Iterable[tuple[int | str, ...]]) -> bool:
    """Whether a list is 'too short' only because its wrong items were not counted."""
    return any(len(other) > len(location) and other[: len(location)] == location for other in wrong)


def _finding(location: Sequence[int | str], kind: str, context: Mapping[str, Any]) -> Finding:
    field = field_path(location)
    if kind == "hub":
        return own(context["rule"], field, context["nb"], context["en"])
    nb, en = _SENTENCES.get(kind, _OTHERWISE)
    return own(RULE, field, nb.format_map(_Context(context)), en.format_map(_Context(context)))


class _Context(dict[str, Any]):
    """Sentences survive a context that a newer pydantic names otherwise."""

    def __missing__(self, key: str) -> str:
        return "…"
