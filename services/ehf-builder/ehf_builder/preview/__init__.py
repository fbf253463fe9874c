"""A document as a person reads it: PDF or HTML, Norwegian or English, made of the UBL alone."""

from ehf_builder.preview.html import as_html
from ehf_builder.preview.page import page_of
from ehf_builder.preview.parts import Page
from ehf_builder.preview.pdf import as_pdf
from ehf_builder.preview.words import Language

__all__ = ["Language", "Page", "as_html", "as_pdf", "page_of"]
