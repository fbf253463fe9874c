"""Sizes: which channels a document gets through."""

import pytest

from hub.invoice.sizes import MEGABYTE, SIZE_LIMITS, too_large_for
from hub.parties import Channel


@pytest.mark.parametrize(
    ("document", "attachments", "channels"),
    [
        (1 * MEGABYTE, [1 * MEGABYTE], set()),
        (12 * MEGABYTE, [9 * MEGABYTE], {"mail"}),
        (80 * MEGABYTE, [51 * MEGABYTE], {"mail", "peppol", "ftp", "inbox"}),
        (101 * MEGABYTE, [], {"mail", "peppol", "ftp", "inbox"}),
    ],
)
def test_a_document_gets_through_the_channels_that_its_size_allows(
    document: int, attachments: list[int], channels: set[str]
) -> None:
    assert too_large_for(document, attachments) == channels


def test_every_channel_has_its_limits() -> None:
    assert {channel.value for channel in Channel} <= set(SIZE_LIMITS)
