"""Small stylesheets in the shape that the generator of the official ones gives them."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

SMALL = (Path(__file__).parent / "schematron.xslt").read_text()
UBL = "urn:oasis:names:specification:ubl:schema:xsd:Common"
_HEAD, _, _REST = SMALL.partition('<xsl:apply-templates mode="M1" select="/"/>')
_BETWEEN = _REST[: _REST.index('<xsl:template match="b:Amount')]
_PREFIXES = f'xmlns:b="urn:b" xmlns:cac="{UBL}AggregateComponents-2" xmlns:cbc="{UBL}BasicComponents-2"'
Rule = tuple[str, Sequence[str]]  # what it matches, and its tests


def stylesheet(*patterns: Sequence[Rule], declared: str = "") -> str:
    """Write patterns of rules; a finding's id is `pattern.rule.test`, counted from 1."""
    starts = "".join(f'<xsl:apply-templates mode="M{mode}" select="/"/>' for mode in range(1, len(patterns) + 1))
    head = _HEAD.replace('xmlns:b="urn:b"', _PREFIXES, 1).replace("<xsl:output", f"{declared}<xsl:output", 1)
    return (
        head + starts + _BETWEEN + "".join(map(_pattern, range(1, len(patterns) + 1), patterns)) + "</xsl:stylesheet>"
    )


def document(content: str) -> str:
    """Put content in the default namespace `urn:b`, with the prefixes cac and cbc, below `Root`."""
    return f'<Root xmlns="urn:b" {_PREFIXES}>{content}</Root>'


def _pattern(mode: int, rules: Sequence[Rule]) -> str:
    return (
        "".join(_rule(mode, place, *rule) for place, rule in enumerate(rules, 1))
        + f'<xsl:template match="text()" mode="M{mode}" priority="-1"/>'
        + f'<xsl:template match="@*|node()" mode="M{mode}" priority="-2">{_onwards(mode)}</xsl:template>'
    )


def _rule(mode: int, place: int, match: str, tests: Sequence[str]) -> str:
    asserts = "".join(_assert(f"{mode}.{place}.{number}", test) for number, test in enumerate(tests, 1))
    head = f'<xsl:template match="{escape(match)}" mode="M{mode}" priority="{1100 - place}"><svrl:fired-rule/>'
    return f"{head}{asserts}{_onwards(mode)}</xsl:template>"


def _assert(identifier: str, test: str) -> str:
    select = '<xsl:apply-templates mode="schematron-select-full-path" select="."/>'
    return (
        f'<xsl:choose><xsl:when test="{escape(test)}"/><xsl:otherwise><svrl:failed-assert test="">'
        f'<xsl:attribute name="id">{identifier}</xsl:attribute><xsl:attribute name="flag">fatal</xsl:attribute>'
        f'<xsl:attribute name="location">{select}</xsl:attribute><svrl:text>wrong</svrl:text>'
        "</svrl:failed-assert></xsl:otherwise></xsl:choose>"
    )


def _onwards(mode: int) -> str:
    return f'<xsl:apply-templates mode="M{mode}" select="@*|*"/>'
