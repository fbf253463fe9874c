"""XPath expressions as tokens, so that a transformation sees neither white space nor what stands inside strings."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<comment>\(:)
  | (?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<variable>\$\s*[\w.-]+(?::[\w.-]+)?)
  | (?P<name>[A-Za-z_][\w.-]*(?::(?!:)(?:[A-Za-z_][\w.-]*|\*))?)
  | (?P<symbol>//|\.\.|::|!=|<=|>=|<<|>>|\|\||:=|[][(){}/|,.@*=<>+!?-])
    )""",
    re.VERBOSE,
)
# After these a `//` goes on with a path; after anything else it begins one at the root of the document.
_ENDS_STEP = re.compile(r"[\w.'\"\])*}]$")
_OPERATORS = {"and", "or", "div", "mod", "idiv", "eq", "ne", "lt", "le", "gt", "ge", "union", "in", "return"}
_OPERATORS |= {"satisfies", "then", "else", "to", "is", "intersect", "except"}
_TRUTHS = {"=", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "and", "or"}
_QUESTIONS = {"not", "exists", "empty", "boolean", "contains", "starts-with"}


class UnclearExpressionError(Exception):
    """The expression holds something that these tokens do not cover."""


def tokens(expression: str) -> list[str]:
    """Split an expression; raises UnclearExpressionError. Joined with spaces it means the same."""
    found: list[str] = []
    end = len(expression.rstrip())
    place = 0
    while place < end:
        match = _TOKEN.match(expression, place)
        if match is None or match.lastgroup == "comment":
            raise UnclearExpressionError(expression)
        found.append(match.group(match.lastgroup or 0))
        place = match.end()
    return found


def normal(expression: str) -> str:
    """Write an expression with one space between all tokens."""
    return " ".join(tokens(expression))


def begins_at_root(found: Sequence[str], place: int) -> bool:
    """Whether the `//` at that place begins a path."""
    before = found[place - 1] if place else ""
    return before in _OPERATORS or not _ENDS_STEP.search(before)


def closing(found: Sequence[str], place: int) -> int:
    """Return the place of the bracket that closes the one at `place`."""
    depth = 0
    for at in range(place, len(found)):
        depth += (found[at] in ("(", "[")) - (found[at] in (")", "]"))
        if depth == 0:
            return at
    raise UnclearExpressionError(" ".join(found))


def is_path_of_nodes(found: Sequence[str]) -> bool:
    """Whether the tokens are one path from the root, of names with predicates, that depends on nothing around it."""
    outside: list[str] = []
    place = 0
    while place < len(found):
        if found[place] == "[":
            place = closing(found, place)
        else:
            outside.append(found[place])
        place += 1
    steps = " ".join(outside)
    alone = not any(each.startswith("$") or each == "current" for each in found)
    return alone and re.fullmatch(r"// @? ?[\w.-]+(:[\w.-]+)?( //? @? ?[\w.-]+(:[\w.-]+)?)*", steps) is not None


def branches(pattern: str) -> list[list[str]]:
    """Split a match pattern at the `|` outside predicates; parentheses around paths are unclear."""
    found = tokens(pattern)
    parts: list[list[str]] = [[]]
    place = 0
    while place < len(found):
        if found[place] == "(":
            raise UnclearExpressionError(pattern)
        if found[place] == "|":
            parts.append([])
        elif found[place] == "[":
            end = closing(found, place)
            parts[-1] += found[place : end + 1]
            place = end
        else:
            parts[-1].append(found[place])
        place += 1
    return parts


def filters_by_truth(found: Sequence[str], place: int) -> bool:
    """Whether the predicates that begin at `place`, if any, surely hold or not instead of choosing by position."""
    while place < len(found) and found[place] == "[":
        end = closing(found, place)
        inner = found[place + 1 : end]
        outside = _outside_brackets(inner)
        compared = bool(_TRUTHS & set(outside))
        asked = inner[0] in _QUESTIONS and closing(inner, 1) == len(inner) - 1 if inner[1:2] == ["("] else False
        if not (compared or asked) or {"position", "last"} & set(inner):
            return False
        place = end + 1
    return True


def _outside_brackets(found: Sequence[str]) -> list[str]:
    outside: list[str] = []
    place = 0
    while place < len(found):
        if found[place] in ("(", "["):
            place = closing(found, place)
        else:
            outside.append(found[place])
        place += 1
    return outside
