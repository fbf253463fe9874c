"""The hub's API, one method for each thing an ERP does. Every method may be called again with the same arguments."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from hub_connector.client.errors import Busy, NotTheHub, Passing, refusal
from hub_connector.client.models import (
    Accepted,
    FeedEntry,
    FeedPage,
    InboxItem,
    Submission,
    Suggestion,
    Transaction,
)
from hub_connector.client.multipart import multipart
from hub_connector.client.retrying import Patience
from hub_connector.client.transport import Answer, Connection, Method, Transport, is_success

LONGEST_WAIT = 30  # seconds that the feed can be asked to wait
_MOST_SUGGESTIONS = 500  # organisation numbers in one question


class Hub:
    """An install's view of the hub; threads may share it.

    Methods raise the errors of `hub_connector.client.errors`. What passes is tried again first, as `patience` says:
    each request is one that the hub answers alike when it comes twice.
    """

    def __init__(
        self,
        connection: Connection,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(connection)
        self._patience = patience or Patience()
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def submit(self, submission: Submission) -> Accepted:
        """Send an invoice; sent again, the same submission gets the first answer."""
        body: bytes = submission.body
        content_type: str = submission.media
        headers = {"Idempotency-Key": submission.key}
        if submission.attachments:
            body, content_type = multipart(submission)
        if submission.client:
            headers["Hub-Client"] = submission.client
        answer = self._ask("POST", "/v1/transactions", body, {**headers, "Content-Type": content_type})
        return Accepted(UUID(_object(answer, self._url)["transaction_id"]))

    def transaction(self, identifier: UUID) -> Transaction:
        """Return a transaction with everything that happened to it."""
        return Transaction.read(self._get(f"/v1/transactions/{identifier}"))

    def transactions(self, client: str | None = None, state: str | None = None) -> Iterator[Transaction]:
        """Go through what the install may see, newest first, a page at a time."""
        asked = {"client": client, "state": state, "limit": "200"}
        path: str | None = f"/v1/transactions?{urlencode({name: value for name, value in asked.items() if value})}"
        while path:
            page = self._get(path)
            yield from map(Transaction.read, page["transactions"])
            path = page["next"]

    def received(self, identifier: UUID) -> bytes:
        """Return the document that the hub accepted, byte for byte as it came in."""
        return self._ask("GET", f"/v1/transactions/{identifier}/document?version=received").body

    def cancel(self, identifier: UUID) -> str:
        """Stop what nobody has received; returns `cancelled`, or `cancelling` where that is still under way."""
        return str(_object(self._ask("POST", f"/v1/transactions/{identifier}/cancel"), self._url)["status"])

    def feed_page(self, after: int, wait: int = 0, limit: int = 200) -> FeedPage:
        """Return what comes after a number, which says that all up to it is kept. `wait`: seconds, at most 30."""
        path = f"/v1/events?after={after}&wait={wait}&limit={limit}"
        return FeedPage.read(_object(self._ask("GET", path, wait=wait), self._url), after)

    def feed(self, after: int, wait: int = LONGEST_WAIT) -> Iterator[FeedEntry]:
        """Go through the feed without end, waiting where there is nothing new.

        What was yielded is acknowledged when the next page is asked for, after the caller came back for more: keep each
        entry, and its number, before that. What is not kept comes again from the number that is.
        """
        while True:
            for entry in self.feed_page(after, wait).entries:
                yield entry
                after = entry.number

    def inbox_page(self, limit: int = 50) -> Sequence[InboxItem]:
        """Return the oldest documents that nobody has taken in; they are this install's for ten minutes."""
        return [InboxItem.read(item) for item in self._get(f"/v1/inbox?limit={limit}")["items"]]

    def inbox_document(self, identifier: UUID) -> bytes:
        """Return the document, byte for byte as it was sent."""
        return self._ask("GET", f"/v1/inbox/{identifier}/document").body

    def acknowledge(self, identifier: UUID) -> None:
        """Say that the document was taken in, so that it is out of the inbox."""
        self._ask("POST", f"/v1/inbox/{identifier}/ack")

    def inbox(self) -> Iterator[InboxItem]:
        """Go through the inbox until it is empty; each item is acknowledged when the caller comes back for the next.

        Store the document before that. An item at which the caller stops or fails is not acknowledged.
        """
        while items := self.inbox_page():
            for item in items:
                yield item
                self.acknowledge(item.id)

    def suggest(self, numbers: Sequence[str], client: str | None = None) -> Iterator[Suggestion]:
        """Say of customers' organisation numbers which can receive e-invoices, and how."""
        for start in range(0, len(numbers), _MOST_SUGGESTIONS):
            asked = json.dumps({"organisation_numbers": list(numbers[start : start + _MOST_SUGGESTIONS])}).encode()
            headers = {"Content-Type": "application/json", **({"Hub-Client": client} if client else {})}
            answer = self._ask("POST", "/v1/recipients/suggest", asked, headers)
            for one in _object(answer, self._url)["recipients"]:
                yield Suggestion(str(one["organisation_number"]), one)

    def may_act_for(self, client: str | None) -> None:
        """Raise Forbidden or Refusal unless the install may send for the company now. Nothing is changed."""
        headers = {"Hub-Client": client} if client else {}
        probe = self._once("GET", f"/v1/customers/{quote('hub-connector check')}", headers=headers)
        if not is_success(probe.status) and probe.status != 404:
            raise self._error(probe)

    def may_read_inbox(self) -> None:
        """Raise Forbidden unless the key opens the inbox. Nothing is fetched or leased."""
        probe = self._once("GET", f"/v1/inbox/{UUID(int=0)}/document")
        if not is_success(probe.status) and probe.status != 404:
            raise self._error(probe)

    def description(self) -> Answer:
        """Return the API's own description, which needs no key: the first thing to ask a hub that may be none."""
        answer = self._once("GET", "/v1/openapi.json")
        if not is_success(answer.status):
            raise self._error(answer)
        _object(answer, self._url)
        return answer

    @property
    def _url(self) -> str:
        return self._transport.connection.url

    def _get(self, path: str) -> Mapping[str, Any]:
        return _object(self._ask("GET", path), self._url)

    def _once(
        self, method: Method, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self._transport.ask(method, path, body, headers)

    def _ask(
        self,
        method: Method,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        wait: float = 0,
    ) -> Answer:
        """Ask until there is an answer that counts, as often as patience allows."""
        made = 0
        while True:
            made += 1
            try:
                answer = self._transport.ask(method, path, body, headers, wait)
                if is_success(answer.status):
                    return answer
                raise self._error(answer)
            except Passing as error:
                pause = self._patience.wait(made, error)
                if pause is None:
                    raise
                self._sleep(pause)

    def _error(self, answer: Answer) -> Exception:
        """Return what an answer that is no success means."""
        problem = _problem(answer)
        if answer.status == 429 or answer.status >= 500:
            told = problem or {}
            en = str(told.get("detail") or f"The hub cannot answer now (HTTP {answer.status}).")
            nb = str(told.get("detail_nb") or f"Meldingssentralen kan ikke svare nå (HTTP {answer.status}).")
            return Busy(answer.status, _seconds(answer.headers.get("Retry-After")), nb, en)
        return NotTheHub(answer.status, self._url) if problem is None else refusal(answer.status, problem)


def _problem(answer: Answer) -> Mapping[str, Any] | None:
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        return None
    try:
        body = json.loads(answer.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _object(answer: Answer, url: str) -> Mapping[str, Any]:
    """Return the JSON object of a success; raises NotTheHub where a sign-in page says 200."""
    try:
        body = json.loads(answer.body)
    except ValueError as error:
        raise NotTheHub(answer.status, url) from error
    if not isinstance(body, dict):
        raise NotTheHub(answer.status, url)
    return body


def _seconds(given: str | None) -> float | None:
    """Read Retry-After in seconds; a date there is left aside, and the usual wait is taken."""
    return float(given) if given and given.isdecimal() else None
