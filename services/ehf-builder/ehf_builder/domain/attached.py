"""What kind of file an attachment is."""

from hub.invoice.model import ENDINGS, Attachment


def content_type(given: Attachment) -> str | None:
    """Return the mime type that was given, else by the file name's ending; None where that tells nothing."""
    ending = (given.filename or "").lower().rpartition(".")[2]
    return given.mime_type or ENDINGS.get(ending)
