"""From a document's tree to the page that shows it."""

from lxml import etree

from ehf_builder.preview import billing, response
from ehf_builder.preview.parts import Page
from ehf_builder.preview.words import Language, Words
from hub.ubl import APPLICATION_RESPONSE, CREDIT_NOTE, INVOICE, Element
from hub.xml import UnreadableError

_SHOWN = {
    f"{{{INVOICE}}}Invoice": billing.page,
    f"{{{CREDIT_NOTE}}}CreditNote": billing.page,
    f"{{{APPLICATION_RESPONSE}}}ApplicationResponse": response.page,
}


def page_of(root: Element, language: Language) -> Page:
    """Return the page of a UBL invoice, credit note or response; raises UnreadableError for anything else."""
    show = _SHOWN.get(root.tag)
    if show is None:
        name = etree.QName(root).localname[:80]
        raise UnreadableError(
            f"«{name}» kan ikke vises: det er verken faktura, kreditnota eller svar.",
            f"'{name}' cannot be shown: it is no invoice, credit note or response.",
        )
    return show(root, Words(language))
