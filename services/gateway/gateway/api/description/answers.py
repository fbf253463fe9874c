"""Which problems each operation can be answered with."""

from collections.abc import Mapping

_EVERY = ("unauthenticated", "scope-missing", "client-not-allowed", "invalid", "content-encoding", "internal")
_EVERY_STORED = ("unavailable",)
_FOR_A_CLIENT = ("client-missing", "engagement-missing")
_WITH_BODY = ("malformed", "too-large")
_NAMED = ("not-found",)
_DOCUMENT = (
    "idempotency-key-missing",
    "media-type",
    "idempotency-key-reused",
    "seller-not-client",
    "recipient-missing",
    "duplicate-number",
    "form",
    "json",
    "document",
)

# Beside what its parts (a body, a path with an id) bring with them.
_MORE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("POST", "/v1/transactions"): (*_FOR_A_CLIENT, *_DOCUMENT),
    ("POST", "/v1/transactions/batch"): (*_FOR_A_CLIENT, "idempotency-key-missing", "media-type"),
    ("POST", "/v1/transactions/cancel"): (*_FOR_A_CLIENT, *_NAMED),
    ("POST", "/v1/transactions/{transaction_id}/cancel"): ("already-ended", "cancel-inbound"),
    ("GET", "/v1/inbox"): _FOR_A_CLIENT,
    ("POST", "/v1/inbox/{item_id}/ack"): ("inbox-item-leased",),
    ("PUT", "/v1/customers/{number}"): (*_FOR_A_CLIENT, "sftp-target-invalid", "sftp-secret-needed"),
    ("GET", "/v1/customers/{number}"): _FOR_A_CLIENT,
    ("GET", "/v1/hold"): _FOR_A_CLIENT,
    ("PUT", "/v1/hold"): _FOR_A_CLIENT,
    ("GET", "/v1/usage"): (*_FOR_A_CLIENT, *_NAMED),
    ("POST", "/v1/admin/engagements"): (*_NAMED, "register-conflict"),
    ("POST", "/v1/admin/engagements/{identifier}/end"): ("register-conflict",),
    ("POST", "/v1/admin/installs"): _NAMED,
    ("POST", "/v1/admin/keys"): _NAMED,
}
_BODIES = ("POST", "PUT")


def answered_with(method: str, path: str) -> tuple[str, ...]:
    """Return the codes, each once."""
    found = [*_EVERY, *_EVERY_STORED, *_MORE.get((method, path), ())]
    if method in _BODIES:
        found += _WITH_BODY
    if "{" in path:
        found += _NAMED
    return tuple(dict.fromkeys(found))
