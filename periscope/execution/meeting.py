"""Where an order meets the market, and what a fill model sees of a market."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scaling
from periscope.instruments.sessions import Session

type IntColumn = npt.NDArray[np.int64]
type BoolColumn = npt.NDArray[np.bool_]


class Window(Protocol):
    """What all windows of a stream share; row `first` stands at index 0 of every column, `stop` is after the last."""

    first: int
    stop: int
    start: IntColumn
    end: IntColumn

    def reach(self, time: int) -> None:
        """Bring every row that starts at or before `time` into the window."""

    def row_from(self, time: int) -> int:
        """Number of the first row that starts at or after `time`; the series' length if there is none."""

    def row_ended_by(self, time: int) -> int:
        """Number of the last row that has ended at `time`, -1 if there is none in the window."""

    def scaling(self, row: int) -> Scaling:
        """What the integers of a row stand for."""

    def scaling_stop(self, row: int) -> int:
        """Number of the first row after `row` whose integers stand for something else; `stop` if there is none yet."""


class Side(Protocol):
    """The window of what the orders of one side meet: trade bars, or the asks or the bids of quote bars.

    As in `Window`, but nothing can be set.
    """

    @property
    def first(self) -> int:
        """Number of the first row in the window."""

    @property
    def stop(self) -> int:
        """Number after the last row in the window."""

    @property
    def start(self) -> IntColumn:
        """Starts, in microseconds UTC."""

    @property
    def end(self) -> IntColumn:
        """Ends."""

    @property
    def open(self) -> IntColumn:
        """First prices."""

    @property
    def high(self) -> IntColumn:
        """Highest prices."""

    @property
    def low(self) -> IntColumn:
        """Lowest prices."""

    @property
    def close(self) -> IntColumn:
        """Last prices."""

    def tradable(self, low: int, high: int, /) -> BoolColumn | None:
        """Which of the rows [low, high) have a market at all, and so prices; None where all have."""

    def reach(self, time: int) -> None:
        """Bring every row that starts at or before `time` into the window."""

    def row_from(self, time: int) -> int:
        """Number of the first row that starts at or after `time`; the series' length if there is none."""

    def row_ended_by(self, time: int) -> int:
        """Number of the last row that has ended at `time`, -1 if there is none in the window."""

    def scaling(self, row: int) -> Scaling:
        """What the integers of a row stand for."""

    def scaling_stop(self, row: int) -> int:
        """Number of the first row after `row` whose integers stand for something else; `stop` if there is none yet."""


class Bars(Window, Protocol):
    """The window of an execution stream of trade bars."""

    open: IntColumn
    high: IntColumn
    low: IntColumn
    close: IntColumn
    volume: IntColumn

    def tradable(self, low: int, high: int, /) -> BoolColumn | None:
        """Which of the rows [low, high) have a market at all; None: all."""


class Quotes(Window, Protocol):
    """The window of quote bars of the execution stream's span."""

    bid_open: IntColumn
    bid_high: IntColumn
    bid_low: IntColumn
    bid_close: IntColumn
    ask_open: IntColumn
    ask_high: IntColumn
    ask_low: IntColumn
    ask_close: IntColumn


class Sessions(Protocol):
    """When an exchange trades. Times of day and dates are those of `zone`."""

    zone: ZoneInfo

    def session_at(self, t: int) -> Session | None:
        """The session with open <= t < close, None if the exchange is closed at t or pauses."""

    def session_from(self, t: int) -> Session:
        """The session that contains t, in a break too, else the next one to open."""

    def session_of_day(self, day: date) -> Session | None:
        """The session of a trading day, None on a weekend or a holiday."""

    def sessions_between(self, t0: int, t1: int) -> list[Session]:
        """The sessions that have any time in common with [t0, t1), ascending; their breaks count as theirs."""


class Market(Protocol):
    """What a fill model sees of one instrument: the stream that its orders meet, and when its exchange trades.

    `bars` is None where the window has none; a model that heeds `core.quotes` looks at `side` instead. `sessions` are
    those of the run's hours; `regular_sessions` those of the regular hours, between whose opening and closing auctions
    a day's opening and closing price are made.
    """

    @property
    def instrument(self) -> Instrument:
        """Whose market it is."""

    @property
    def span(self) -> BarTimeSpan | None:
        """Span of the bars."""

    @property
    def bars(self) -> Bars | None:
        """The trade bars."""

    def side(self, sign: int) -> Side | None:
        """What buys (+1) or sells (-1) meet: the trade bars, or that side of the quote bars; None if there is none."""

    @property
    def quotes(self) -> Quotes | None:
        """The quote bars of the same span, None where the run has none."""

    @property
    def sessions(self) -> Sessions:
        """The exchange's sessions."""

    @property
    def regular_sessions(self) -> Sessions:
        """Those of the regular hours, whatever hours the run has."""

    @property
    def extended_sessions(self) -> Sessions:
        """Those of the extended hours, whatever hours the run has."""


class QuoteUse(StrEnum):
    """Whether orders meet quote bars (`core.quotes`): never, where an instrument has them, or in every case."""

    OFF = "off"
    PREFER = "prefer"
    REQUIRE = "require"


class Met(StrEnum):
    """What an order met."""

    TRADES = "trades"
    ASKS = "asks"
    BIDS = "bids"


class Rule(StrEnum):
    """Which rule of the fill model applied; printed beside each fill."""

    MARKET_AT_OPEN = "market at the open"
    MARKET_AT_CLOSE = "market at the close of the bar that just ended"
    LIMIT_AT_OPEN = "limit, at an open better than the limit"
    LIMIT_INSIDE = "limit, traded inside the bar"
    STOP_AT_OPEN = "stop, gapped over at the open"
    STOP_INSIDE = "stop, touched inside the bar"
    STOP_LIMIT_AT_STOP = "stop limit, touched and filled at the stop"
    STOP_LIMIT_AT_LIMIT = "stop limit, closed beyond the limit"
    TRIGGER = "stop limit touched, now a limit order"
    NOT_IMMEDIATE = "not filled at the first price"
    MARKET_ON_OPEN = "market on open, at the session's opening price"
    LIMIT_ON_OPEN = "limit on open, at an opening price better than the limit"
    MARKET_ON_CLOSE = "market on close, at the session's closing price"
    LIMIT_ON_CLOSE = "limit on close, at a closing price better than the limit"
    MARKET_NOW = "market at the last price that was there"
    MARKET_NEW_DATA = "market, waited for new data"
    MARKET_NEW_BAR = "market at the open of the bar that it waited for"


class When(StrEnum):
    """At which moment of a bar an order meets it."""

    AT_OPEN = "at its open"
    INSIDE = "inside it, known at its end"
    AT_ONCE = "at the close that has just been seen"
    ON_CLOSE = "at the session's close, when its last bar's close is the closing price"


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """Where an order next does something: at or in the bar of number `row`, at `price`.

    `rule` is a fill, or `TRIGGER` (the order becomes a limit order, seen at the open or at the bar's end) or
    `NOT_IMMEDIATE` (an IOC, FOK or OPG order ends at the open). `time` is the bar's start for what happens at the open,
    its end for what happens inside, the session's close for its closing price. `began` is the start of what was met
    where that is no bar of the execution stream.
    """

    time: int
    row: int
    when: When
    price: Decimal
    rule: Rule
    began: int | None = None

    @property
    def at_open(self) -> bool:
        """Whether it is the open of a bar that the order meets."""
        return self.when is When.AT_OPEN


class Search:
    """How far an order's next meeting has been looked for; forks of the engine's state share it.

    A meeting is a function of the order and the market alone, so sharing it is safe. `found` is the meeting once it is
    known, `next_row` the first row not looked at yet, `since` when the search began. `cursor` is for a model that looks
    at other rows than those of the execution stream.
    """

    __slots__ = ("cursor", "found", "next_row", "since")

    def __init__(self, first_row: int, since: int) -> None:
        self.found: Meeting | None = None
        self.next_row = first_row
        self.since = since
        self.cursor = 0
