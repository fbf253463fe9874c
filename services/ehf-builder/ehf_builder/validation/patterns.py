"""What an XSLT match pattern can match, told from its text."""

import re

_STEP = r"(?:[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*|\*)"
_PATH = re.compile(rf"/{{0,2}}\s*{_STEP}(?:\s*//?\s*{_STEP})*")


class UnclearPatternError(Exception):
    """The pattern is not of the simple kind that can be told."""


def element_names(pattern: str) -> set[str]:
    """Return the names of the elements that a pattern can match at most, as written (`cac:Item`, or `*` for any).

    Understood are paths of prefixed names and `*`, with predicates, in unions, in parentheses around the whole union;
    all else raises UnclearPatternError: attributes, node(), functions, names without a prefix.
    """
    bare = outside_predicates(pattern).strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    branches = [branch.strip() for branch in bare.split("|")]
    if not all(_PATH.fullmatch(branch) for branch in branches):
        raise UnclearPatternError(pattern)
    return {re.split(r"[/\s]", branch)[-1] for branch in branches}


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
