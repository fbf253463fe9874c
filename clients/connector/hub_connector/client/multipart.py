"""multipart/form-data of an invoice and its attachments, the same bytes each time it is made."""

import hashlib

from hub_connector.client.models import Submission

INVOICE = "invoice"
ATTACHMENT = "attachment"


def multipart(submission: Submission) -> tuple[bytes, str]:
    """Return body and content type; the boundary comes of the submission's key, so that a repetition is the same."""
    boundary = f"sentral-{hashlib.sha256(submission.key.encode()).hexdigest()[:40]}"
    parts = [_part(boundary, INVOICE, None, submission.media, submission.body)]
    parts += [_part(boundary, ATTACHMENT, one.name, one.media, one.content) for one in submission.attachments]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, file: str | None, media: str, content: bytes) -> bytes:
    disposition = f'form-data; name="{name}"'
    if file is not None:
        # As browsers write it (the HTML standard, multipart/form-data): UTF-8, these three escaped.
        escaped = file.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        disposition += f'; filename="{escaped}"'
    head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {media}\r\n\r\n"
    return head.encode() + content + b"\r\n"
