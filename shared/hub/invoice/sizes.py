"""How large documents and attachments may be, channel by channel.

Practice, not law: mail servers commonly take about 10 MB with the third that base64 adds, and Peppol receivers 100 MB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MEGABYTE = 1_000_000
LARGEST_ATTACHMENT = 50 * MEGABYTE
LARGEST_IN_ALL = 70 * MEGABYTE  # becomes less than the 100 MB of a document when it is base64


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """Limits in bytes: of the whole document as sent, and of one attachment as the recipient opens it."""

    document: int
    attachment: int

    def holds(self, document: int, attachments: Sequence[int]) -> bool:
        """Tell whether a document with these attachments gets through."""
        return document <= self.document and all(size <= self.attachment for size in attachments)


# By channel (the names of hub.parties.Channel, and `mail`).
SIZE_LIMITS: Mapping[str, SizeLimit] = {
    "peppol": SizeLimit(100 * MEGABYTE, LARGEST_ATTACHMENT),
    "ftp": SizeLimit(100 * MEGABYTE, LARGEST_ATTACHMENT),
    "inbox": SizeLimit(100 * MEGABYTE, LARGEST_ATTACHMENT),
    "mail": SizeLimit(9 * MEGABYTE, 9 * MEGABYTE),
}


def too_large_for(document: int, attachments: Sequence[int] = ()) -> frozenset[str]:
    """Return the channels that such a document cannot take; sizes in bytes."""
    return frozenset(channel for channel, limit in SIZE_LIMITS.items() if not limit.holds(document, attachments))


def megabytes(size: int) -> str:
    """Write bytes as megabytes with one decimal."""
    return f"{size / MEGABYTE:.1f} MB"
