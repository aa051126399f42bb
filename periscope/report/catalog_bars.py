"""Bars for the report out of the catalog that a run read."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, IntColumn
from periscope.report.bars import DataEntry, SeriesBars

_DAY = 86_400_000_000


class CatalogBars:
    """Reads a run's bars from its catalog; a series that is no longer there is not found, which is no error."""

    def __init__(self, root: Path | str, *, extended: bool) -> None:
        self._catalog = Catalog(root)
        self._extended = extended

    def __call__(self, entry: DataEntry, /) -> SeriesBars | None:
        """The bars from the entry's first to its last."""
        instrument = self._catalog.instruments.get(entry.symbol, AssetType(entry.asset_type))
        span = BarTimeSpan(entry.span)
        if instrument is None or span not in self._catalog.spans(instrument):
            return None
        try:
            sessions = sessions_for(instrument.exchange, extended=self._extended)
        except UnknownExchangeError:
            return None

        def day_numbers(starts: IntColumn) -> npt.NDArray[np.int32]:
            try:
                return sessions.trading_day_numbers(starts)
            except SessionRangeError:
                return (starts // _DAY).astype(np.int32)

        pieces = self._catalog.chunks(instrument, span, entry.first, entry.last + 2 * _DAY, extended=self._extended)
        zone = sessions.zone.key
        return SeriesBars(
            pieces=(_until(piece, entry.last) for piece in pieces),
            price_scale=instrument.price_scale,
            tick=instrument.tick,
            zone=zone,
            day_numbers=day_numbers,
        )


def _until(bars: BarColumns, last: int) -> BarColumns:
    """The bars that start at `last` or before."""
    count = int(np.searchsorted(bars.start, last, side="right"))
    return BarColumns(*(getattr(bars, name)[:count] for name in BarColumns.NAMES))
