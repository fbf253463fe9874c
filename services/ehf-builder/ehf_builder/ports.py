"""What the handlers need of the world."""

from datetime import date
from typing import Protocol

from ehf_builder.validation.verdict import BuiltVerdict, Verdict
from hub.parties import CustomerEntry, RegisterEntry
from hub.pipeline import BlobRef


class Judge(Protocol):
    """Builds and judges documents (ehf_builder.validation.pool.Pool)."""

    async def validate(self, document: bytes, today: date, seller: RegisterEntry | None = None) -> Verdict:
        """Judge UBL bytes by the rules of the day, and by the register entry of who sends it."""

    async def build(
        self, received: bytes, seller: RegisterEntry, customer: CustomerEntry | None, today: date
    ) -> BuiltVerdict:
        """Build UBL from a JSON invoice, and judge it."""


class Documents(Protocol):
    """Keeps documents (hub.blobs.BlobStore)."""

    async def get(self, ref: BlobRef) -> bytes:
        """Return the bytes."""

    async def put(self, owner: str, data: bytes) -> BlobRef:
        """Keep the bytes for their owner."""
