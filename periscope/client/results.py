"""What runs leave behind."""

import time
from collections.abc import Iterator

from periscope.client.group import Group, at
from periscope.client.result_types import Fill, JournalLine, LogLine, Order, Position, Statistics, Trade
from periscope.client.types import Counted, Issue, Page

_FOLLOW_SECONDS = 0.5


class ResultCalls(Group):
    """Lists of what a run has left, page by page as they are taken; `limit` ends them early."""

    def orders(
        self, run: int, *, symbol: str | None = None, state: str | None = None, limit: int | None = None
    ) -> Iterator[Order]:
        """The orders of a run that has ended, refused ones included; `state` as FILLED."""
        wanted = {"symbol": symbol, "state": state}
        return self._pages(Counted[Order], at("runs", run, "orders"), wanted, limit=limit)

    def fills(self, run: int, *, symbol: str | None = None, limit: int | None = None) -> Iterator[Fill]:
        """The fills of a run that has ended, each with the rule behind its price."""
        return self._pages(Counted[Fill], at("runs", run, "fills"), {"symbol": symbol}, limit=limit)

    def trades(self, run: int, *, symbol: str | None = None, limit: int | None = None) -> Iterator[Trade]:
        """The round trips of a run that has ended."""
        return self._pages(Counted[Trade], at("runs", run, "trades"), {"symbol": symbol}, limit=limit)

    def positions(self, run: int) -> Iterator[Position]:
        """What a run holds: an active one now, one that has ended at its end."""
        return self._pages(Counted[Position], at("runs", run, "positions"))

    def issues(self, run: int) -> Iterator[Issue]:
        """What went wrong, where, how often."""
        return self._pages(Counted[Issue], at("runs", run, "issues"))

    def statistics(self, run: int) -> Statistics:
        """What a run that has ended came to."""
        return self._transport.ask(Statistics, "GET", at("runs", run, "statistics"))

    def events(self, run: int, *, limit: int | None = None) -> Iterator[JournalLine]:
        """The journal of a run that has ended: every event but bars, every action, every entry of the books."""
        return self._pages(Page[JournalLine], at("runs", run, "events"), limit=limit)

    def logs(self, run: int, *, search: str | None = None, follow: bool = False) -> Iterator[LogLine]:
        """What the strategy printed so far; with `follow` as long as the run is active."""
        path, after = at("runs", run, "logs"), None
        while True:
            parameters = {"search": search, "limit": 1_000, "after": after}
            page = self._transport.ask(Page[LogLine], "GET", path, parameters=parameters)
            yield from page.items
            if page.next is None or (page.next == after and not follow):
                return
            if page.next == after:
                time.sleep(_FOLLOW_SECONDS)
            after = page.next
