"""What runs leave behind."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from periscope.client.event_stream import events
from periscope.client.group import Group, at
from periscope.client.result_types import (
    Comparison,
    Explanation,
    Fill,
    JournalLine,
    LogLine,
    Order,
    Position,
    Posting,
    RunEvent,
    Statistics,
    StreamRead,
    Trade,
    TrialBalance,
    Verification,
)
from periscope.client.types import Counted, Issue, Page
from periscope.client.windows import EARLIEST, LATEST, Window, read_all, read_window

if TYPE_CHECKING:
    import polars as pl

_FOLLOW_SECONDS = 0.5
_LOOK_SECONDS = 0.5


class ResultCalls(Group):
    """What a run has left. Lists come page by page as they are taken, after `skip` of them; `limit` ends them early."""

    def orders(
        self, run: int, *, symbol: str | None = None, state: str | None = None, skip: int = 0, limit: int | None = None
    ) -> Iterator[Order]:
        """The orders of a run that has ended, refused ones included; `state` as FILLED."""
        wanted = {"symbol": symbol, "state": state, "skip": skip}
        return self._pages(Counted[Order], at("runs", run, "orders"), wanted, limit=limit)

    def fills(self, run: int, *, symbol: str | None = None, skip: int = 0, limit: int | None = None) -> Iterator[Fill]:
        """The fills of a run that has ended, each with the rule behind its price."""
        return self._pages(Counted[Fill], at("runs", run, "fills"), {"symbol": symbol, "skip": skip}, limit=limit)

    def trades(
        self, run: int, *, symbol: str | None = None, skip: int = 0, limit: int | None = None
    ) -> Iterator[Trade]:
        """The round trips of a run that has ended."""
        return self._pages(Counted[Trade], at("runs", run, "trades"), {"symbol": symbol, "skip": skip}, limit=limit)

    def positions(self, run: int) -> Iterator[Position]:
        """What a run holds: an active one now, one that has ended at its end."""
        return self._pages(Counted[Position], at("runs", run, "positions"))

    def issues(self, run: int) -> Iterator[Issue]:
        """What went wrong, where, how often."""
        return self._pages(Counted[Issue], at("runs", run, "issues"))

    def statistics(self, run: int) -> Statistics:
        """What a run that has ended came to."""
        return self._transport.ask(Statistics, "GET", at("runs", run, "statistics"))

    def balances(self, run: int) -> TrialBalance:
        """The balance of every account of a run that has ended."""
        return self._transport.ask(TrialBalance, "GET", at("runs", run, "ledger"))

    def postings(
        self, run: int, *, account: str | None = None, symbol: str | None = None, limit: int | None = None
    ) -> Iterator[Posting]:
        """The lines of the books of a run that has ended, in order; `account` as cash or realised."""
        wanted = {"account": account, "symbol": symbol}
        return self._pages(Counted[Posting], at("runs", run, "ledger", "postings"), wanted, limit=limit)

    def explanation(self, run: int, order: int | str) -> Explanation:
        """Why an order came to what it came to; the order by its number, its id, or how its id begins."""
        return self._transport.ask(Explanation, "GET", at("runs", run, "orders", order, "explanation"))

    def compare(self, left: int, right: int) -> Comparison:
        """In what two runs that have ended differ, and from which event on."""
        return self._transport.ask(Comparison, "GET", "runs/compare", parameters={"left": left, "right": right})

    def start_verification(self, run: int, *, strict: bool = False, key: str | None = None) -> Verification:
        """Have the server begin to run a run again, and to compare every event."""
        path = at("runs", run, "verifications")
        return self._transport.ask(Verification, "POST", path, json={"strict": strict}, key=key)

    def verification(self, run: int, number: int) -> Verification:
        """How far a verification is, and what came of it."""
        return self._transport.ask(Verification, "GET", at("runs", run, "verifications", number))

    def verifications(self, run: int) -> Iterator[Verification]:
        """The verifications of a run, the newest first."""
        return self._pages(Counted[Verification], at("runs", run, "verifications"))

    def verify(self, run: int, *, strict: bool = False) -> Verification:
        """Have a run verified, and wait until that is done."""
        found = self.start_verification(run, strict=strict)
        while found.status == "running":
            time.sleep(_LOOK_SECONDS)
            found = self.verification(run, found.verification)
        return found

    def report(self, run: int, target: Path | str, *, overwrite: bool = False) -> int:
        """Write the report of a run that has ended, an HTML page, to a file; returns its size in bytes.

        Raises FileExistsError unless `overwrite`, and OSError where the file can't be written.
        """
        path = at("runs", run, "report")
        return self._transport.download(path, ("text/html",), Path(target), overwrite=overwrite)

    def export(self, run: int, target: Path | str, *, overwrite: bool = False) -> int:
        """Write everything about a run that has ended to a file, a ZIP archive; returns its size in bytes."""
        path = at("runs", run, "export")
        return self._transport.download(path, ("application/zip",), Path(target), overwrite=overwrite)

    def streams(self, run: int) -> Iterator[StreamRead]:
        """The streams of bars that a run that has ended read; their names are what `bars` takes."""
        return self._pages(Page[StreamRead], at("runs", run, "streams"))

    def bars(self, run: int, stream: str, *, start: datetime = EARLIEST, end: datetime = LATEST) -> "pl.DataFrame":
        """Every bar of a stream (as SPY:ETF:minute) that starts from `start` on and before `end`, as the run saw it.

        Columns: start, end, open, high, low, close, volume (null where unknown); exact Decimals, times in UTC.
        """
        path = at("runs", run, "bars")
        return read_all(self._transport, path, {"stream": stream}, start, end, both_ends=False)

    def bar_window(
        self, run: int, stream: str, *, start: datetime = EARLIEST, end: datetime = LATEST, most: int = 5_000
    ) -> Window:
        """At most so many bars of a window: where there are more, they are merged into whole candles."""
        return read_window(self._transport, at("runs", run, "bars"), {"stream": stream}, start, end, most)

    def equity(self, run: int, *, start: datetime = EARLIEST, end: datetime = LATEST) -> "pl.DataFrame":
        """The equity curve from `start` to `end`, both included: time, portfolio_value, cash."""
        return read_all(self._transport, at("runs", run, "equity"), {}, start, end, both_ends=True)

    def equity_window(
        self, run: int, *, start: datetime = EARLIEST, end: datetime = LATEST, most: int = 5_000
    ) -> Window:
        """At most so many samples of the equity curve: of more, the lowest and the highest of each stretch."""
        return read_window(self._transport, at("runs", run, "equity"), {}, start, end, most)

    def events(self, run: int, *, limit: int | None = None) -> Iterator[JournalLine]:
        """The journal of a run that has ended: every event but bars, every action, every entry of the books."""
        return self._pages(Page[JournalLine], at("runs", run, "events"), limit=limit)

    def follow(self, run: int, *, after: str | None = None) -> Iterator[RunEvent]:
        """What is new about a run, as it happens, until it has ended; connections that break are made anew.

        Each status, each issue and the end come once, also across broken connections, and to who goes on `after` the id
        of the last event that they had; of progress, the latest.
        """
        for event in events(self._transport, at("runs", run, "events", "stream"), after=after):
            yield RunEvent(event.name, event.document(), event.id)

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
