"""A page as PDF, set by typst: no network, no files but the template and the logo, no code from the document."""

import json
from dataclasses import asdict
from importlib.resources import files

import typst

from ehf_builder.preview.parts import Page

_TEMPLATE = files("ehf_builder.preview").joinpath("page.typ").read_bytes()
_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"<svg": "svg"}


def as_pdf(page: Page, logo: bytes | None = None) -> bytes:
    """Set the page on A4; `logo` is PNG, JPEG or SVG. Raises ValueError for another kind of logo."""
    # Everything goes in as JSON: typst is given no folder to read from.
    inputs = {
        "page": json.dumps(asdict(page), ensure_ascii=False),
        "logo": json.dumps({"kind": logo_kind(logo), "bytes": list(logo)} if logo else None),
    }
    made = typst.compile(_TEMPLATE, format="pdf", sys_inputs=inputs, timestamp=0)  # the same document, the same bytes
    assert isinstance(made, bytes)
    return made


LARGEST_LOGO = 1_000_000


def logo_kind(logo: bytes) -> str:
    """Return `png`, `jpg` or `svg` by the first bytes; raises ValueError for anything else."""
    found = next((kind for start, kind in _SIGNATURES.items() if logo.lstrip().startswith(start)), None)
    if found is None or len(logo) > LARGEST_LOGO:
        raise ValueError("The logo must be PNG, JPEG or SVG, of at most 1 MB.")
    return found
