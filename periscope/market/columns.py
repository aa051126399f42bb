"""Market data as columns of integers, the one form in which it moves inside the platform."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

type IntColumn = npt.NDArray[np.int64]
type Mask = npt.NDArray[np.bool_]

UNKNOWN_VOLUME = -1
"""Stands in a column of volumes or sizes where the source does not tell it."""

NO_PRICE = -(2**63)
"""Stands in the four price columns of the side that a quote bar lacks."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Consecutive rows of one instrument at one span, ascending by start; all columns have the same length.

    `start` and `end` are microseconds since 1970-01-01 UTC. The class names its columns: `NAMES` are all of them in
    order, `PRICES` those scaled by the instrument's `price_scale`, `SIZES` those scaled by its `volume_scale`. `WHAT`
    is what its rows are called, and `SUFFIX` how its series are told from bars of the same span.
    """

    NAMES: ClassVar[tuple[str, ...]] = ("start", "end")
    PRICES: ClassVar[tuple[str, ...]] = ()
    SIZES: ClassVar[tuple[str, ...]] = ()
    WHAT: ClassVar[str] = "rows"
    SUFFIX: ClassVar[str] = ""

    start: IntColumn
    end: IntColumn

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def missing(cls, name: str) -> int | None:
        """What stands in a column for no value, None in a column that always has one."""
        if name in cls.SIZES:
            return UNKNOWN_VOLUME
        return NO_PRICE if name in cls.PRICES else None


@dataclass(frozen=True, slots=True)
class BarColumns(Columns):
    """Trade bars. The volume is UNKNOWN_VOLUME where the source does not tell it."""

    NAMES = ("start", "end", "open", "high", "low", "close", "volume")
    PRICES = ("open", "high", "low", "close")
    SIZES = ("volume",)
    WHAT = "bars"

    open: IntColumn
    high: IntColumn
    low: IntColumn
    close: IntColumn
    volume: IntColumn


@dataclass(frozen=True, slots=True)
class QuoteColumns(Columns):
    """Quote bars: the best bid and the best ask over each interval, and the sizes offered at its end.

    A side that the source does not have is NO_PRICE in its four prices and UNKNOWN_VOLUME in its size; no row lacks
    both. There are no mid prices: only what the source says.
    """

    NAMES = (
        "start", "end", "bid_open", "bid_high", "bid_low", "bid_close", "bid_size",
        "ask_open", "ask_high", "ask_low", "ask_close", "ask_size",
    )  # fmt: skip
    PRICES = ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close")
    SIZES = ("bid_size", "ask_size")
    WHAT = "quote bars"
    SUFFIX = "-quotes"

    bid_open: IntColumn
    bid_high: IntColumn
    bid_low: IntColumn
    bid_close: IntColumn
    bid_size: IntColumn
    ask_open: IntColumn
    ask_high: IntColumn
    ask_low: IntColumn
    ask_close: IntColumn
    ask_size: IntColumn


@dataclass(frozen=True, slots=True)
class InterestColumns(Columns):
    """Open interest: the contracts open as last told in each interval, hence known at its end and not before."""

    NAMES = ("start", "end", "open_interest")
    SIZES = ("open_interest",)
    WHAT = "open interest"
    SUFFIX = "-open-interest"

    open_interest: IntColumn


KINDS: tuple[type[Columns], ...] = (BarColumns, QuoteColumns, InterestColumns)
"""All that a catalog holds."""


@dataclass(frozen=True, slots=True)
class Side:
    """The four prices of trades, of bids or of asks; `present` says which rows have them."""

    name: str
    open: IntColumn
    high: IntColumn
    low: IntColumn
    close: IntColumn
    present: Mask


def sides(rows: Columns) -> tuple[Side, ...]:
    """The prices of some rows four by four: one side of trade bars, bid and ask of quote bars."""
    found: list[Side] = []
    for first in range(0, len(rows.PRICES), 4):
        names = rows.PRICES[first : first + 4]
        open_, high, low, close = (getattr(rows, name) for name in names)
        found.append(Side(names[0].removesuffix("open").rstrip("_"), open_, high, low, close, open_ != NO_PRICE))
    return tuple(found)
