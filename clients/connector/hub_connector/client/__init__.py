"""The Python client of the hub's API: typed, and safe to repeat by construction.

    from hub_connector.client import Connection, Hub, Submission

    hub = Hub(Connection("https://hub.example", key))
    submission = Submission.of_json({"type": "invoice", "number": "10023", ...})   # with its key, made once
    accepted = hub.submit(submission)                     # repeated where nobody knows what became of it
    for entry in hub.feed(after=last_kept): keep(entry)   # acknowledged when the loop comes back for more
    for item in hub.inbox(): keep(item, hub.inbox_document(item))

Keep the submission's key with your invoice: sent again under the same key after a crash, it gets the first answer.
"""

from hub_connector.client.errors import (
    Busy,
    Conflict,
    Finding,
    Forbidden,
    HubError,
    NotFound,
    NotTheHub,
    Passing,
    Refusal,
    Unauthorized,
    Unreachable,
)
from hub_connector.client.hub import Hub
from hub_connector.client.models import (
    Accepted,
    Attachment,
    FeedEntry,
    FeedPage,
    InboxItem,
    Submission,
    Suggestion,
    Transaction,
)
from hub_connector.client.retrying import Patience
from hub_connector.client.transport import Connection

__all__ = [
    "Accepted",
    "Attachment",
    "Busy",
    "Conflict",
    "Connection",
    "FeedEntry",
    "FeedPage",
    "Finding",
    "Forbidden",
    "Hub",
    "HubError",
    "InboxItem",
    "NotFound",
    "NotTheHub",
    "Passing",
    "Patience",
    "Refusal",
    "Submission",
    "Suggestion",
    "Transaction",
    "Unauthorized",
    "Unreachable",
]
