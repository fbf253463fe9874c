"""How many transactions may lie between accepted and verdict: about as many as are judged in a second.

Everybody's next invoice waits for those before it, so a number alone would make that wait long where judging is slow.
"""

from datetime import datetime, timedelta

LEAST = 32  # fewer would leave the builder's workers waiting for the next batch
HORIZON = timedelta(seconds=1)
SPAN = timedelta(seconds=2)  # verdicts come in batches: a shorter look sees two of them, or none


class Window:
    """Follows what is released and judged; never more than `most`, an operator's limit, may be in flight.

    Only a time in which as many as may be were in flight tells how fast they are judged: otherwise nothing limits.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._in_flight = 0
        self._free = most
        self._judged = 0
        self._full = False
        self._since: datetime | None = None

    def look(self, in_flight: int, now: datetime) -> int:
        """Note how many are in flight now, and return how many more may be released."""
        self._judged += max(0, self._in_flight - in_flight)
        self._in_flight = in_flight
        if self._since is None or now - self._since >= SPAN:
            self._measure(now)
        self._free = max(0, self._limit - in_flight)
        self._full = self._full or not self._free
        return self._free

    def released(self, count: int) -> None:
        """Note that so many were let go."""
        self._in_flight += count
        self._full = self._full or count >= self._free

    def _measure(self, now: datetime) -> None:
        if self._since is not None and self._full:
            judged = round(self._judged * (HORIZON / (now - self._since)))
            self._limit = min(self._most, max(LEAST, judged))
        self._judged, self._full, self._since = 0, False, now
