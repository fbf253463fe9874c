"""Questions about the whole document (`//cac:TaxCategory`) answered once instead of by every test."""

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from ehf_builder.validation.rewriting.shape import TEMPLATE, VARIABLE, WHEN
from ehf_builder.validation.rewriting.xpath import (
    UnclearExpressionError,
    begins_at_root,
    closing,
    filters_by_truth,
    is_path_of_nodes,
    tokens,
)
from hub.ubl import Element


def with_shared_scans(root: Element) -> None:
    """Keep in variables of the whole document whether `//path` exists, and what `//name` finds, for all who ask.

    Rules are tried on one document only, so a path that begins at its root finds the same wherever it stands. Whether
    something exists is kept as that answer, not as what was found, because the search ends with the first one: looking
    on might come to an element on which it crashes. A variable is evaluated when it is first used.
    """
    tests = [when for template in root.iterchildren(TEMPLATE) for when in template.iter(WHEN)]
    scans = [scan for when in tests if (scan := _Scan.of(when)) is not None]
    for form, kept in (("exists", "exists({})"), ("all", "{}")):
        asked = Counter(path for scan in scans for *_, path in scan.questions(form))
        shared = {path: f"sentral-{form}-{place}" for place, path in enumerate(sorted(asked)) if asked[path] > 1}
        for scan in scans:
            scan.share(form, shared)
        for path, variable in shared.items():
            root.insert(0, etree.Element(VARIABLE, {"name": variable, "select": kept.format(path)}))
    for scan in scans:
        scan.write()


class _Scan:
    """A test with `//` in it."""

    def __init__(self, when: Element, found: list[str]) -> None:
        self._when = when
        self._tokens = found

    @classmethod
    def of(cls, when: Element) -> "_Scan | None":
        test = when.get("test") or ""
        if "//" not in test:
            return None
        try:
            return cls(when, tokens(test))
        except UnclearExpressionError:
            return None

    def questions(self, form: str) -> list[tuple[int, int, str]]:
        """Give what can be shared: from where to where among the tokens, and the path."""
        return list(self._existence() if form == "exists" else self._names())

    def share(self, form: str, shared: dict[str, str]) -> None:
        """Put variables in the places of what is shared, from behind so that places stay true."""
        for start, end, path in reversed(self.questions(form)):
            if variable := shared.get(path):
                self._tokens[start:end] = ["(", f"${variable}", ")"]

    def write(self) -> None:
        self._when.set("test", " ".join(self._tokens))

    def _existence(self) -> Iterator[tuple[int, int, str]]:
        """Find `exists(//path)`, and the inside of `not(//path)`."""
        for place, asks in enumerate(self._tokens[:-3]):
            if asks in ("exists", "not") and self._tokens[place + 1 : place + 3] == ["(", "//"]:
                end = closing(self._tokens, place + 1)
                path = self._tokens[place + 2 : end]
                if is_path_of_nodes(path):
                    yield (*((place, end + 1) if asks == "exists" else (place + 2, end)), " ".join(path))

    def _names(self) -> Iterator[tuple[int, int, str]]:
        """Find `//name` at the beginning of a path, unless `[1]` or the like means each parent's first one."""
        for place, name in enumerate(self._tokens[1:]):
            named = self._tokens[place] == "//" and ":" in name and name != "::"
            if named and begins_at_root(self._tokens, place) and filters_by_truth(self._tokens, place + 2):
                yield place, place + 2, f"//{name}"
