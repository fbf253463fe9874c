"""Code lists looked up in a map, instead of searched through as a string or word by word."""

import re
from collections.abc import Mapping

from lxml import etree

from ehf_builder.validation.rewriting.shape import VARIABLE, WHEN
from ehf_builder.validation.rewriting.xpath import UnclearExpressionError, normal
from hub.ubl import Element

_MAP = "Q{http://www.w3.org/2005/xpath-functions/map}"
_VALUE = r"(?:\.|@ \w+|text \( \)|cbc:\w+)"
# not(contains(normalize-space(.), ' ')) and contains(' A B C ', concat(' ', normalize-space(.), ' '))
_IN_STRING = re.compile(
    rf"not \( contains \( normalize-space \( (?P<value>{_VALUE}) \) , ' ' \) \) and "
    r"contains \( '(?P<words> [^']* )' , concat \( ' ' , normalize-space \( (?P=value) \) , ' ' \) \)"
)
# some $code in $LIST satisfies normalize-space(text()) = $code
_AMONG = r"(?:\$ ?(?P<list>[\w-]+)|tokenize \( '(?P<words>[^']*)' , '\\s' \))"
_COMPARED = rf"(?P<whole>normalize-space \( (?:{_VALUE}) \)|@ \w+)"
_OTHER = _COMPARED.replace("whole", "other")
_SOME = re.compile(rf"some \$code in {_AMONG} satisfies (?:{_COMPARED} = \$code|\$code = {_OTHER})(?= \)|$)")
_TOKENIZED = re.compile(r"tokenize \( '([^']*)' , '\\s' \)")


def with_code_lists_looked_up(root: Element) -> None:
    """Ask a map whether it holds a code. The maps are made when the stylesheet is compiled.

    Both ways in which the rules ask compare whole words by their code points, as a map does: a word in a string of
    words between blanks, once it is certain that the word holds none itself; and equality with one of a list's words.
    """
    lists = _Lists(root)
    for when in root.iter(WHEN):
        test = when.get("test") or ""
        if "contains" not in test and "$code" not in test:
            continue
        try:
            plain = normal(test)
        except UnclearExpressionError:
            continue
        found = _SOME.sub(lists.some, _IN_STRING.sub(lists.in_string, plain))
        if found != plain:
            when.set("test", found)
    lists.declare()


class _Lists:
    """The maps that are needed, by their words."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._words: Mapping[str, str] = {
            variable.get("name") or "": match.group(1)
            for variable in root.iterchildren(VARIABLE)
            if (match := _TOKENIZED.fullmatch(_normal(variable.get("select") or "")))
        }
        self._maps: dict[frozenset[str], str] = {}

    def in_string(self, match: re.Match[str]) -> str:
        words = match["words"][1:-1].split(" ")
        if "" in words or any(re.search(r"\s", word) for word in words):
            return match.group()
        return self._held(words, f"normalize-space ( {match['value']} )")

    def some(self, match: re.Match[str]) -> str:
        text = self._words.get(match["list"]) if match["list"] else match["words"]
        words = re.split(r"[ \t\r\n]", text) if text is not None else [""]
        if "" in words:  # which an attribute that is not there would equal
            return match.group()
        value = match["whole"] or match["other"]
        return self._held(words, value if value.startswith("normalize") else f"string ( {value} )")

    def _held(self, words: list[str], value: str) -> str:
        name = self._maps.setdefault(frozenset(words), f"sentral-codes-{len(self._maps)}")
        return f"{_MAP}contains ( ${name} , {value} )"

    def declare(self) -> None:
        """Add the maps, which must stand before what uses them because they are static."""
        for words, name in self._maps.items():
            entries = f"for $code in tokenize('{' '.join(sorted(words))}', ' ') return {_MAP}entry($code, true())"
            variable = etree.Element(VARIABLE, {"name": name, "static": "yes", "select": f"{_MAP}merge({entries})"})
            self._root.insert(0, variable)


def _normal(expression: str) -> str:
    try:
        return normal(expression)
    except UnclearExpressionError:
        return ""
