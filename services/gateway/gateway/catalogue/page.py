"""The catalogue as a page: an anchor for each kind, so that a problem can be linked to."""

from collections.abc import Iterable

from gateway.catalogue.kinds import Kind

_INTRODUCTION = """# Problems

What Sentral says no to, or tells of a transaction: one section per kind, in English and Norwegian. An answer is
`application/problem+json` (RFC 9457): `type` names the section below and never changes; `detail` and `detail_nb` say
what is wrong this time and what to do; `field` is the field in your own names, `rule` the official rule; `errors` lists
every finding. Kinds without a status are told of a transaction (`problems`, `timeline`, the feed) and decide no answer.

This page is made with `python -m gateway problems`."""


def page(kinds: Iterable[Kind]) -> str:
    """Return the page as Markdown."""
    return "\n\n".join([_INTRODUCTION, *map(_section, kinds)]) + "\n"


def _section(kind: Kind) -> str:
    status = f" · HTTP {kind.status}" if kind.status else ""
    lines = [
        f"## {kind.code}",
        f"`{kind.type}`{status}",
        f"**{kind.title.en}.** {kind.cause.en} *Remedy:* {kind.remedy.en}",
        f"**{kind.title.nb}.** {kind.cause.nb} *Gjør dette:* {kind.remedy.nb}",
    ]
    return "\n\n".join(lines)
