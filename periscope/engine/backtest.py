"""The loop: blocks and scripts go out, answers come back, and what was confirmed becomes the state."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from periscope.engine.actions import apply_actions
from periscope.engine.blocks import Stream, build_block
from periscope.engine.markets import Feed, Markets
from periscope.engine.port import (
    Failure,
    FrontMonthAnswer,
    Item,
    Reply,
    ReplyKind,
    ScalingRow,
    StrategyPort,
    StreamRow,
)
from periscope.engine.records import Record
from periscope.engine.script import Script, build_script, key_of_bar, replay
from periscope.engine.settings import Settings
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Key
from periscope.instruments.scaling import Scaling, Scalings
from periscope.instruments.times import time_text
from periscope.portfolio.ledger import BooksUnbalancedError

_FIRST_ROWS = 256
_MOST_ROWS = 4096
_MOST_RECORDS = 50_000
"""What happened in a block is kept until its bars are accounted for; a block in which this much happened ends early."""
_FIRST_BUDGET = 8
_LEAST_BUDGET = 4
_MOST_BUDGET = 64
_AT_ONCE: Key = (-1, 0, 0, 0, 0)


class Observer(Protocol):
    """Who is told what became true; every method is called in the order of the run."""

    def streams(self, streams: Iterable[tuple[Stream, Scalings]]) -> None:
        """These streams may have rows in the block that follows, whose integers stand for that."""

    def happened(self, records: list[Record]) -> None:
        """Records that have become part of the run."""

    def bars(self, columns: npt.NDArray[np.int64], delivered: npt.NDArray[np.bool_], markets: Markets) -> None:
        """A block is over: its first rows, shape (8, n), and which of them were delivered (not of an ended stream).

        The rows that records name are positions in this block.
        """

    def progress(self, time: int, bars: int) -> bool:
        """The run has come to `time` with `bars` delivered; False asks it to stop."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How finely the run is cut. Changes no event; tests run with the smallest values too."""

    block_rows: int | None = None
    script_budget: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `failure` is None where it completed, `stopped` says that somebody asked it to end."""

    state: Simulation
    markets: Markets
    bars: int
    failure: Failure | None
    stopped: bool


class Backtest:
    """One run over market data that is all there."""

    def __init__(
        self, settings: Settings, feed: Feed, port: StrategyPort, observer: Observer, tuning: Tuning | None = None
    ) -> None:
        self._settings = settings
        self._port = port
        self._observer = observer
        self._untold: list[Callable[[], None]] = []
        self._valued_until = settings.start
        self._tuning = tuning if tuning is not None else Tuning()
        self._markets = Markets(feed, settings.execution_span, settings.pricing(), settings.quotes)
        self._state = Simulation(settings, self._markets)
        self._streams: dict[int, Stream] = {}
        self._streams_seen = 0
        self._block = build_block([], 0)
        self._block_done = 0
        self._told_dropped: set[int] = set()
        self._rows = self._tuning.block_rows or _FIRST_ROWS
        self._budget = self._tuning.script_budget or _FIRST_BUDGET
        self._items: list[Item] = []
        self._bars = 0
        self._records = 0
        self._stopped = False
        self._stopping = False

    def run(self) -> Outcome:
        """Drive the strategy from `on_start` to `on_stop`. Books that do not balance end the run there and then."""
        try:
            failure = self._drive()
        except BooksUnbalancedError as error:
            failure = Failure("BOOKS_UNBALANCED", str(error))
        self._close_block()
        if failure is None:
            if not self._stopped:
                self._state.now = self._settings.end
            self._stopping = True
            failure = self._port.stop(self._state.now)
        stopped = self._stopped
        self._tell_observer()
        return Outcome(self._state, self._markets, self._bars, failure, stopped)

    def _drive(self) -> Failure | None:
        """From `on_start` to the last event; returns why the run cannot go on, if it cannot."""
        reply = self._port.start(self._settings.start, self._front_month)
        failure = self._settle_reply(reply)
        stale, acting = True, False
        while failure is None:
            if stale or (self._block_done == len(self._block) and not self._block.complete):
                self._next_block(restart=stale)
            position, horizon = self._block_done, self._horizon()
            script = build_script(self._state, self._block, position, horizon, self._budget, acting=acting)
            if not script.items and script.end == self._block_done:
                if script.overflow:
                    failure = self._crowded()
                    break
                if self._block.complete and self._block_done == len(self._block):
                    self._state = script.fork
                    self._flush()
                    break
            self._items = script.items
            reply = self._port.go(script.items, script.end, self._take_dropped(), self._tell_observer)
            self._commit(reply, script)
            failure = self._settle_reply(reply)
            acting = reply.kind is ReplyKind.ACTED
            stale = self._sync_streams() or self._records > _MOST_RECORDS
            if self._stopped:
                break
        return failure

    def _settle_reply(self, reply: Reply) -> Failure | None:
        """Apply what the handler asked for; returns why the run cannot go on, if it cannot."""
        if reply.kind is ReplyKind.FAILED:
            self._flush()
            assert reply.failure is not None
            event = self._event_in_hand(reply)
            return (
                reply.failure if event is None else replace(reply.failure, message=f"{reply.failure.message}; {event}")
            )
        if reply.kind is ReplyKind.ACTED:
            self._state.row = self._block_done
            apply_actions(self._state, reply.actions)
        self._flush()
        return None

    def _event_in_hand(self, reply: Reply) -> str | None:
        """The event that a handler was given when it failed, in words; None before the first."""
        if reply.was_bar and reply.bars_done:
            stream = self._streams[int(self._block.columns[2, reply.bars_done - 1])]
            ended = time_text(self._block.ends[reply.bars_done - 1])
            return f"the event was the {stream.span} bar of {stream.symbol} that ended {ended}"
        if reply.items_done:
            _, kind, time, _, payload = self._items[reply.items_done - 1]
            words = {"U": "an order update", "T": "a timer", "X": "an expiration"}.get(kind, "a position change")
            if kind == "U":
                words = f"the {payload[3]} update of an order in {payload[1]}"
            return f"the event was {words} at {time_text(time)}"
        return None

    def _commit(self, reply: Reply, script: Script) -> None:
        """Make true what the strategy confirmed: adopt the fork, or replay the confirmed part and drop it."""
        until = self._confirmed_key(reply)
        everything = reply.items_done == len(script.items)
        if everything and (until is None or script.quiet_key is None or script.quiet_key < until):
            self._state = script.fork
            if until is None:
                self._grow_budget(acted_early=False)
        else:
            assert until is not None
            happened = replay(self._state, self._block, reply.items_done, self._block_done, until)
            self._grow_budget(acted_early=happened * 2 < script.happened)
        self._block_done = reply.bars_done
        if reply.kind is ReplyKind.DONE:
            if self._block_done:
                self._state.now = max(self._state.now, self._block.ends[self._block_done - 1])
        else:
            self._state.now = self._time_in_hand(reply.items_done, reply.bars_done, reply.was_bar)

    def _confirmed_key(self, reply: Reply) -> Key | None:
        """Key before which everything has happened; None where all of the script is done.

        After a bar that is what comes before the next bar. After an item it is the item itself: nothing quiet that was
        to follow it has happened yet.
        """
        if reply.kind is ReplyKind.DONE:
            return None
        if reply.was_bar:
            return key_of_bar(self._block.ends[reply.bars_done - 1])
        return _AT_ONCE

    def _time_in_hand(self, items_done: int, bars_done: int, was_bar: bool) -> int:
        """Simulation time of the event that the strategy is handling; where none was begun, that of the last one."""
        if was_bar:
            return self._block.ends[bars_done - 1]
        return self._items[items_done - 1][2] if items_done else self._state.now

    def _grow_budget(self, *, acted_early: bool) -> None:
        if self._tuning.script_budget is None:
            grown = self._budget // 2 if acted_early else self._budget * 2
            self._budget = min(_MOST_BUDGET, max(_LEAST_BUDGET, grown))

    def _next_block(self, *, restart: bool) -> None:
        """Send the bars that come next, from the confirmed position on."""
        self._close_block()
        if self._tuning.block_rows is None:
            self._rows = _FIRST_ROWS if restart else min(_MOST_ROWS, self._rows * 4)
        live = self._live_streams()
        self._markets.release(self._valued_until)
        self._valued_until = self._state.now
        self._block = build_block(live, self._rows)
        self._block_done = 0
        self._told_dropped = set()
        self._state.dropped = {}
        meanings = [(stream, stream.scalings) for stream in live]
        self._untold.append(partial(self._observer.streams, meanings))
        self._state.look_ahead(self._horizon())
        self._port.block(self._block.columns, [_stream_row(stream, scalings) for stream, scalings in meanings])

    def _live_streams(self) -> list[Stream]:
        for (symbol, asset_type, span), live in self._state.registrations.items():
            if live.number not in self._streams:
                series = self._markets.series(live.instrument, span)
                assert series is not None
                row = series.row_from(live.since)
                self._streams[live.number] = Stream(live.number, symbol, asset_type, span, live.instrument, series, row)
        return list(self._streams.values())

    def _sync_streams(self) -> bool:
        """Whether a new stream waits for a block."""
        if self._state.streams_made == self._streams_seen:
            return False
        self._streams_seen = self._state.streams_made
        return any(live.number not in self._streams for live in self._state.registrations.values())

    def _take_dropped(self) -> list[int]:
        """Streams that have ended since the strategy was last told."""
        if not self._state.dropped:
            return []
        fresh = [number for number in self._state.dropped if number not in self._told_dropped]
        self._told_dropped.update(fresh)
        return fresh

    def _close_block(self) -> None:
        """The block is over: account for the bars of it that were delivered."""
        done = self._block_done
        columns = self._block.columns[:, :done]
        numbers = columns[2]
        delivered = np.ones(done, dtype=np.bool_)
        for number, row in self._state.dropped.items():
            delivered[row:] &= numbers[row:] != number
        for number, stream in list(self._streams.items()):
            stream.next_row += int(np.count_nonzero(numbers == number))
            if number in self._state.dropped:
                del self._streams[number]
        self._bars += int(np.count_nonzero(delivered))
        self._untold.append(partial(self._observer.bars, columns, delivered, self._markets))
        self._block = build_block([], 0)
        self._block_done = 0
        self._records = 0

    def _horizon(self) -> int:
        """Up to when the script may look: the block's last end, the run's end where no bars remain."""
        return self._settings.end if self._block.complete else self._block.ends[-1]

    def _crowded(self) -> Failure:
        limit = self._settings.limits.events_per_instant
        return Failure(
            "TOO_MANY_EVENTS_PER_INSTANT",
            f"more than {limit} events fell on one instant of simulated time: a handler answers each update with "
            "another action",
        )

    def _flush(self) -> None:
        records = self._state.records
        if records:
            self._state.records = []
            self._records += len(records)
            self._untold.append(partial(self._observer.happened, records))

    def _tell_observer(self) -> None:
        """Tell what became true, in order. Done while the strategy works, so that it costs no time of its own.

        The last block's bars stay in the markets' windows until then.
        """
        untold, self._untold = self._untold, []
        for tell in untold:
            tell()
        if not self._observer.progress(self._state.now, self._bars + self._block_done):
            self._stopped = True

    def _front_month(
        self, root: str, as_of: int | None, items_done: int, bars_done: int, was_bar: bool
    ) -> FrontMonthAnswer:
        """Answer a query of the handler in hand; its simulation time follows from the counts, not from what it says."""
        now = self._state.now if self._stopping else self._time_in_hand(items_done, bars_done, was_bar)
        return self._markets.feed.front_month(root, now if as_of is None else min(as_of, now))


def _stream_row(stream: Stream, scalings: Scalings) -> StreamRow:
    prices, volumes = _scaling_row(scalings.price), _scaling_row(scalings.volume)
    return (stream.number, stream.symbol, str(stream.asset_type), prices, volumes)


@cache
def _scaling_row(scaling: Scaling) -> ScalingRow:
    return (scaling.digits, str(scaling.numerator), str(scaling.denominator), scaling.places)
