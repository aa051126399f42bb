"""Small catalogs for tests: bars from rows, instruments, times."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000
MINUTE = 60 * SECOND
FAR = 4_000_000_000 * SECOND
SPY = Instrument(symbol="SPY", asset_type=AssetType.ETF, exchange="ARCX", price_scale=2)

type Row = tuple[int, int, int, int, int, int, int]


def at(local: str) -> int:
    """New York wall time to microseconds UTC."""
    return round(datetime.fromisoformat(local).replace(tzinfo=NEW_YORK).timestamp()) * SECOND


def columns(rows: list[Row]) -> BarColumns:
    """Bars from rows of start, end, open, high, low, close, volume."""
    return BarColumns(*np.array(rows, dtype=np.int64).reshape(-1, 7).T.copy())


def rows_of(bars: BarColumns) -> list[Row]:
    """The rows of some bars."""
    names = ("start", "end", "open", "high", "low", "close", "volume")
    return list(zip(*(getattr(bars, name).tolist() for name in names), strict=True))


def minutes(local: str, count: int, price: int = 10_000) -> BarColumns:
    """Consecutive minute bars from a New York time on, each a cent dearer than the one before."""
    first = at(local)
    return columns(
        [
            (
                first + n * MINUTE,
                first + (n + 1) * MINUTE,
                price + n,
                price + n + 5,
                price + n - 5,
                price + n + 1,
                100 + n,
            )
            for n in range(count)
        ]
    )


def read(
    catalog: Catalog,
    instrument: Instrument = SPY,
    span: BarTimeSpan = BarTimeSpan.MINUTE,
    *,
    start: int = 0,
    end: int = FAR,
    extended: bool = False,
    chunk_rows: int = 131_072,
) -> list[Row]:
    """All rows that `chunks` yields."""
    found = catalog.chunks(instrument, span, start, end, extended=extended, chunk_rows=chunk_rows)
    return [row for bars in found for row in rows_of(bars)]
