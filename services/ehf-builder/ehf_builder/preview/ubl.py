"""Short ways into a UBL tree."""

from typing import cast

from hub.ubl import CAC, CBC, Element

_NS = {"cac": CAC, "cbc": CBC}


def every(root: Element, path: str) -> list[Element]:
    """Return all elements at a path with the usual prefixes."""
    return cast("list[Element]", root.xpath(path, namespaces=_NS))  # what the stubs cannot know of a path


def first(root: Element, path: str) -> Element | None:
    """Return the first element at a path."""
    return next(iter(every(root, path)), None)


def text(root: Element | None, path: str = ".") -> str:
    """Return the first element's text; empty where there is none."""
    element = first(root, path) if root is not None else None
    return (element.text or "").strip() if element is not None else ""


def texts(root: Element, path: str) -> list[str]:
    """Return the texts of all elements at a path that have one."""
    return [found for element in every(root, path) if (found := (element.text or "").strip())]
