"""The bars behind the price chart: where they come from, and how many of them are worth carrying along."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from periscope.market.columns import BarColumns, IntColumn
from periscope.report.packing import Packed, pack_bars
from periscope.report.run_files import microseconds

ALL_BARS = 600_000
"""How many bars a page carries at most, over all series."""

MOST_OF_A_SERIES = 200_000
FEWEST_OF_A_SERIES = 5_000

SPAN_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_COARSER = (5, 10, 30, 60, 300, 900, 1_800, 3_600, 14_400, 86_400)
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEntry:
    """One series that a run read: bars with a start from `first` to `last`, microseconds since 1970-01-01 UTC, matter.
    `span` is a BarTimeSpan's value."""

    symbol: str
    asset_type: str
    span: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBars:
    """A series' bars in pieces, ascending, with what a chart must know: prices are scaled by `price_scale`, `zone` is
    the exchange's time zone, and `day_numbers` maps starts to trading days (days since 1970-01-01)."""

    pieces: Iterable[BarColumns]
    price_scale: int
    tick: Decimal
    zone: str
    day_numbers: Callable[[IntColumn], npt.NDArray[np.int32]]


class BarsSource(Protocol):
    """Finds the bars of a series; None where they are not to be had."""

    def __call__(self, entry: DataEntry, /) -> SeriesBars | None: ...


@dataclass(frozen=True, slots=True)
class PackedSeries:
    """A series ready for the page: `header` is what the script must know of it beside the packed columns."""

    header: dict[str, object]
    bars: Packed


def data_entries(result: dict[str, Any]) -> list[DataEntry]:
    """The series that a result lists, each once and cut to the run's window; those without bars in it are left out."""
    window_start, window_end = microseconds(result.get("start")), microseconds(result.get("end"))
    entries: dict[tuple[str, str, str], DataEntry] = {}
    for item in result.get("data") or []:
        first, last = microseconds(item.get("first")), microseconds(item.get("last"))
        if first is None or last is None or not item.get("bars") or item.get("span") not in SPAN_SECONDS:
            continue
        entry = DataEntry(
            symbol=str(item["symbol"]),
            asset_type=str(item["asset_type"]),
            span=str(item["span"]),
            first=first if window_start is None else max(first, window_start),
            last=last if window_end is None else min(last, window_end),
        )
        if entry.first <= entry.last:
            entries.setdefault((entry.symbol, entry.asset_type, entry.span), entry)
    return list(entries.values())


def pack_series(entries: list[DataEntry], source: BarsSource) -> tuple[list[PackedSeries], list[DataEntry]]:
    """The series that `source` has, packed, and those that it has not."""
    limit = max(FEWEST_OF_A_SERIES, min(MOST_OF_A_SERIES, ALL_BARS // max(1, len(entries))))
    found, missing = [], []
    for entry in entries:
        series = source(entry)
        packed = None if series is None else _pack(entry, series, limit)
        if packed is None:
            missing.append(entry)
        else:
            found.append(packed)
    return found, missing


def _pack(entry: DataEntry, series: SeriesBars, limit: int) -> PackedSeries | None:
    candles = _Candles(SPAN_SECONDS[entry.span], limit)
    for piece in series.pieces:
        candles.add(piece, series.day_numbers)
    if candles.stored == 0:
        return None
    bars, days = candles.finish()
    bars, decimals = _shortest_scale(bars, series.price_scale)
    breaks = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    has_volume = bool((bars.volume >= 0).any())
    packed = pack_bars(bars, volumes=has_volume)
    header = {
        "symbol": entry.symbol,
        "assetType": entry.asset_type,
        "span": entry.span,
        "seconds": candles.seconds,
        "stored": candles.stored,
        "decimals": decimals,
        "tick": str(series.tick),
        "volume": has_volume,
        "zone": series.zone,
        "dayStarts": np.diff(breaks, prepend=0).tolist(),
        "dayNumbers": np.diff(days[breaks], prepend=np.int32(0)).tolist(),
        **packed.header(),
    }
    return PackedSeries(header, packed)


class _Candles:
    """Takes bars as they come and merges them into longer candles whenever they become too many, so that memory stays
    small however long the series is. `seconds` is how much time a candle covers, `stored` how many bars came."""

    def __init__(self, span_seconds: int, limit: int) -> None:
        self.seconds = span_seconds
        self.stored = 0
        self._limit = limit
        self._coarser = iter([seconds for seconds in _COARSER if seconds > span_seconds])
        self._bars: list[BarColumns] = []
        self._days: list[npt.NDArray[np.int32]] = []
        self._merged = False

    def add(self, bars: BarColumns, day_numbers: Callable[[IntColumn], npt.NDArray[np.int32]]) -> None:
        """Take the bars that follow."""
        if len(bars) == 0:
            return
        self.stored += len(bars)
        self._bars.append(bars)
        self._days.append(day_numbers(bars.start))
        self._shrink(2 * self._limit)

    def finish(self) -> tuple[BarColumns, npt.NDArray[np.int32]]:
        """All candles with their trading days."""
        self._shrink(self._limit)
        if self._merged:
            self._merge()
        return _joined(self._bars), np.concatenate(self._days)

    def _shrink(self, most: int) -> None:
        while sum(map(len, self._bars)) > most:
            if self._merged:
                self._merge()
                if len(self._bars[0]) <= most:
                    return
            longer = next(self._coarser, None)
            if longer is None:
                return
            self.seconds, self._merged = longer, True
            self._merge()

    def _merge(self) -> None:
        bars, days = _merge(_joined(self._bars), np.concatenate(self._days), self.seconds)
        self._bars, self._days = [bars], [days]


def _joined(pieces: list[BarColumns]) -> BarColumns:
    names = BarColumns.NAMES
    return BarColumns(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def _merge(bars: BarColumns, days: npt.NDArray[np.int32], bucket: int) -> tuple[BarColumns, npt.NDArray[np.int32]]:
    """One bar for all bars of one trading day that start in the same bucket of so many seconds."""
    marks = bars.start // (bucket * _SECOND) if bucket * _SECOND < _DAY else days.astype(np.int64)
    firsts = np.flatnonzero((np.diff(marks, prepend=marks[0] - 1) != 0) | (np.diff(days, prepend=days[0] - 1) != 0))
    lasts = np.append(firsts[1:], len(bars)) - 1
    merged = BarColumns(
        start=bars.start[firsts],
        end=bars.end[lasts],
        open=bars.open[firsts],
        high=np.maximum.reduceat(bars.high, firsts),
        low=np.minimum.reduceat(bars.low, firsts),
        close=bars.close[lasts],
        volume=np.add.reduceat(bars.volume, firsts),
    )
    return merged, days[firsts]


def _shortest_scale(bars: BarColumns, scale: int) -> tuple[BarColumns, int]:
    """The same prices with as few decimals as all of them allow."""
    prices = [bars.open, bars.high, bars.low, bars.close]
    while scale > 0 and not any((column % 10).any() for column in prices):
        prices = [column // 10 for column in prices]
        scale -= 1
    opened, high, low, close = prices
    return BarColumns(bars.start, bars.end, opened, high, low, close, bars.volume), scale
