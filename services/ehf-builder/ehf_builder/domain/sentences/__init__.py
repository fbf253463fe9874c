"""Norwegian and English sentences for the rules that invoices break most often; others speak by their official text.

They are for whoever corrects the invoice in an accounting system: they name what is wrong in its words, not in UBL's,
and what to do where the rule's name does not say it.
"""

from collections.abc import Mapping

from ehf_builder.domain.sentences import codes, document, families, money, parties, vat

KNOWN: Mapping[str, tuple[str, str]] = {
    **document.SENTENCES,
    **parties.SENTENCES,
    **money.SENTENCES,
    **vat.SENTENCES,
    **codes.SENTENCES,
}


def sentences(rule: str, official: str) -> tuple[str, str]:
    """Give the sentences in Norwegian and English for a rule; its official (English) text where there are none."""
    known = families.listed(official) or KNOWN.get(rule) or vat.of_category(rule) or families.of_text(rule, official)
    return known or (f"Regelen {rule} er ikke oppfylt: {official}", f"Rule {rule} does not hold: {official}")
