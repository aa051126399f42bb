"""The bars behind the price chart: where they come from, and how many of them are worth carrying along."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from periscope.market.candles import Candles
from periscope.market.columns import BarColumns, IntColumn
from periscope.report.events import Event
from periscope.report.packing import Packed, pack_bars
from periscope.report.run_files import microseconds

ALL_BARS = 600_000
"""How many bars a page carries at most, over all series."""

MOST_OF_A_SERIES = 200_000
FEWEST_OF_A_SERIES = 5_000

SPAN_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEntry:
    """One series that a run read: bars with a start from `first` to `last`, microseconds since 1970-01-01 UTC, matter.
    `span` is a BarTimeSpan's value; `source` is the finer one that its bars were made of, if they were."""

    symbol: str
    asset_type: str
    span: str
    first: int
    last: int
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBars:
    """A series' bars in pieces, ascending, with what a chart must know: prices are scaled by `price_scale`, volumes
    by `volume_scale`, `zone` is the exchange's time zone, and `day_numbers` maps starts to trading days (days since
    1970-01-01). `events` are what happened to the instrument in the run's window."""

    pieces: Iterable[BarColumns]
    price_scale: int
    tick: Decimal
    zone: str
    day_numbers: Callable[[IntColumn], npt.NDArray[np.int32]]
    volume_scale: int = 0
    events: tuple[Event, ...] = ()


class BarsSource(Protocol):
    """Finds the bars of a series; None where they are not to be had."""

    def __call__(self, entry: DataEntry, /) -> SeriesBars | None: ...


@dataclass(frozen=True, slots=True)
class PackedSeries:
    """A series ready for the page: `header` is what the script must know of it beside the packed columns."""

    header: dict[str, object]
    bars: Packed
    events: tuple[Event, ...] = ()


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
            source=item.get("resampled_from"),
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
    candles = Candles(SPAN_SECONDS[entry.span], limit)
    for piece in series.pieces:
        candles.add(piece, series.day_numbers(piece.start))
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
    return PackedSeries(header, packed, series.events)


def _shortest_scale(bars: BarColumns, scale: int) -> tuple[BarColumns, int]:
    """The same prices with as few decimals as all of them allow."""
    prices = [bars.open, bars.high, bars.low, bars.close]
    while scale > 0 and not any((column % 10).any() for column in prices):
        prices = [column // 10 for column in prices]
        scale -= 1
    opened, high, low, close = prices
    return BarColumns(bars.start, bars.end, opened, high, low, close, bars.volume), scale
