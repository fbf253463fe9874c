"""What an XSLT match pattern can match, told from its text."""

import re
from dataclasses import dataclass

_STEP = r"(?:[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*|\*)"
_PATH = re.compile(rf"/{{0,2}}\s*{_STEP}(?:\s*//?\s*{_STEP})*")
_ENDING = re.compile(r"[^[]*\[\s*ends-with\(\s*name\(\s*\),\s*'([A-Za-z]+)'\s*\)\s*(?:\]|and\s(?!.*\bor\b))", re.DOTALL)


class UnclearPatternError(Exception):
    """The pattern is not of the simple kind that can be told."""


@dataclass(frozen=True)
class AnyName:
    """Elements of any name, or of any local name with this ending."""

    ending: str = ""


def matched_names(pattern: str) -> set[str | AnyName]:
    """Return the names of the elements that a pattern can match at most, as written (`cac:Item`), or AnyName.

    Understood are paths of prefixed names and `*`, with predicates, in unions, in parentheses around the whole union;
    all else raises UnclearPatternError: attributes, node(), functions, names without a prefix. The ending of a name is
    that of its local part, since it holds no colon.
    """
    bare = outside_predicates(pattern).strip()
    if bare in ("*", "//*") and (match := _ENDING.match(pattern)):
        return {AnyName(match.group(1))}
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    branches = [branch.strip() for branch in bare.split("|")]
    if not all(_PATH.fullmatch(branch) for branch in branches):
        raise UnclearPatternError(pattern)
    last = {re.split(r"[/\s]", branch)[-1] for branch in branches}
    return {AnyName() if name == "*" else name for name in last}


def outside_predicates(expression: str) -> str:
    """Return the expression without its predicates and strings; raises UnclearPatternError if one does not end."""
    kept: list[str] = []
    depth, quote = 0, ""
    for character in expression:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[]":
            depth += 1 if character == "[" else -1
            if depth < 0:
                raise UnclearPatternError(expression)
        elif not depth:
            kept.append(character)
    if depth or quote:
        raise UnclearPatternError(expression)
    return "".join(kept)
