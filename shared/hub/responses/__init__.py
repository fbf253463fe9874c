"""Answers to invoices: Invoice Response (Peppol T111) read and written, message level status (MLS) read."""

from hub.responses.model import Action, Answer, Reason, Status, read_answer
from hub.responses.reading import Issue, MessageStatus, Received, read_invoice_response, read_mls
from hub.responses.writing import Answered, answered, write

__all__ = [
    "Action",
    "Answer",
    "Answered",
    "Issue",
    "MessageStatus",
    "Reason",
    "Received",
    "Status",
    "answered",
    "read_answer",
    "read_invoice_response",
    "read_mls",
    "write",
]
