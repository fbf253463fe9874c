"""The official stylesheets, rewritten at load time so that they run faster and find exactly the same.

Each transformation makes use of the shape that the generator gives all of them, and checks what it relies on; a
stylesheet that does not have it raises UnexpectedShapeError and must be run as it is. The result is an SVRL report that
lacks what nobody here reads, and whose findings say by numbers where they belong; `svrl.py` reads it.
"""

import re
from collections.abc import Callable

from lxml import etree

from ehf_builder.validation.rewriting.code_lists import with_code_lists_looked_up
from ehf_builder.validation.rewriting.forbidden import with_forbidden_paths_looked_up
from ehf_builder.validation.rewriting.places import with_elements_numbered
from ehf_builder.validation.rewriting.reports import with_short_findings, without_progress_reports
from ehf_builder.validation.rewriting.scans import with_shared_scans
from ehf_builder.validation.rewriting.shape import XSL, UnexpectedShapeError, expect, pairs
from ehf_builder.validation.rewriting.traversal import with_one_traversal
from hub.ubl import Element

__all__ = ["TRANSFORMATIONS", "UnexpectedShapeError", "rewritten"]

_ELSEWHERE = re.compile(r"\b(doc|document|doc-available|unparsed-[a-z-]+|json-doc|collection|static-base-uri)\s*\(")
_DECLARATIONS = {f"{XSL}{name}" for name in ("param", "variable", "output", "function", "template")}

TRANSFORMATIONS: tuple[Callable[[Element], None], ...] = (
    without_progress_reports,
    with_short_findings,
    with_elements_numbered,
    with_one_traversal,
    with_forbidden_paths_looked_up,
    with_shared_scans,
    with_code_lists_looked_up,
)


def rewritten(stylesheet: bytes) -> str:
    """Give the stylesheet's text after every transformation; raises UnexpectedShapeError.

    The text is compiled without its file, so a stylesheet that refers to other files by relative names is refused.
    """
    try:
        root = etree.fromstring(stylesheet, _reader())
    except etree.XMLSyntaxError as error:
        raise UnexpectedShapeError(f"it cannot be read: {error}") from error
    expect(root.tag == f"{XSL}stylesheet", "it is no stylesheet")
    _check_that_it_stands_alone(root)
    for transformation in TRANSFORMATIONS:
        transformation(root)
    return etree.tostring(root, encoding="ascii").decode("ascii")  # SaxonC may take text for the platform's encoding


def _reader() -> etree.XMLParser:
    """Leave out what the compiler leaves out, too: comments, and white space between instructions."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_blank_text=True
    )


def _check_that_it_stands_alone(root: Element) -> None:
    for declaration in root.iterchildren(etree.Element):
        expect(declaration.tag in _DECLARATIONS or not declaration.tag.startswith(XSL), f"it has {declaration.tag}")
    for element in root.iter(etree.Element):
        expect(not any(_ELSEWHERE.search(value) for _, value in pairs(element)), "it reads other files")
