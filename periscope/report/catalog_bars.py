"""Bars for the report out of the catalog that a run read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.scaling import Scaling, Scalings
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for
from periscope.market.adjustment import PLACES, Adjustment
from periscope.market.adjustments import Adjustments
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, IntColumn
from periscope.market.corporate_actions import corporate_actions_of
from periscope.market.resample import resampled
from periscope.portfolio.exact import scaled
from periscope.report.bars import DataEntry, SeriesBars
from periscope.report.events import catalog_events

_DAY = 86_400_000_000


class CatalogBars:
    """Reads a run's bars from its catalog, adjusted as the run saw them (`window` is its start and end).

    A series that is no longer there is not found, which is no error.
    """

    def __init__(
        self, catalog: Catalog | Path | str, window: tuple[int, int], *, adjustment: Adjustment, extended: bool
    ) -> None:
        self._catalog = catalog if isinstance(catalog, Catalog) else Catalog(catalog)
        self._window = window
        self._extended = extended
        self._adjustments = Adjustments(self._catalog, *window, adjustment)

    def __call__(self, entry: DataEntry, /) -> SeriesBars | None:
        """The bars from the entry's first to its last."""
        instrument = self._catalog.instruments.get(entry.symbol, AssetType(entry.asset_type))
        span, source = BarTimeSpan(entry.span), BarTimeSpan(entry.source or entry.span)
        if instrument is None or source not in self._catalog.spans(instrument):
            return None
        extended = self._extended and span is not BarTimeSpan.DAY
        try:
            sessions = sessions_for(instrument.exchange, extended=extended)
        except UnknownExchangeError:
            return None

        def day_numbers(starts: IntColumn) -> npt.NDArray[np.int32]:
            try:
                return sessions.trading_day_numbers(starts)
            except SessionRangeError:
                return (starts // _DAY).astype(np.int32)

        until = entry.last + 2 * _DAY
        if source is span:
            pieces = self._catalog.chunks(instrument, span, entry.first, until, extended=extended)
        else:
            finer = self._catalog.chunks(instrument, source, entry.first - 2 * _DAY, until, extended=extended)
            pieces = resampled(finer, span, sessions, entry.first, until)
        wanted = (_until(piece, entry.last) for piece in pieces)
        scalings = self._adjustments.of(instrument).scalings(instrument)
        plain = all(each.price.is_plain and each.volume.is_plain for each in scalings)
        return SeriesBars(
            pieces=wanted if plain else (_adjusted(piece, scalings) for piece in wanted),
            price_scale=instrument.price_scale if plain else PLACES,
            volume_scale=instrument.volume_scale,
            tick=instrument.tick,
            zone=sessions.zone.key,
            day_numbers=day_numbers,
            events=tuple(
                catalog_events(
                    instrument,
                    corporate_actions_of(self._catalog.files, instrument),
                    lambda day: sessions.day_bounds(day)[0],
                    self._window,
                )
            ),
        )


def _adjusted(bars: BarColumns, scalings: Sequence[Scalings]) -> BarColumns:
    """The bars as the run saw them: prices in millionths, volumes rounded to whole units."""
    periods = np.searchsorted([each.since for each in scalings], bars.start, side="right") - 1
    columns = {name: getattr(bars, name).copy() for name in BarColumns.NAMES}
    for number in np.unique(periods).tolist():
        rows = periods == number
        for name in BarColumns.PRICES:
            columns[name][rows] = _scaled(columns[name][rows], scalings[number].price, PLACES)
        traded = rows & (bars.volume != UNKNOWN_VOLUME)
        columns["volume"][traded] = _scaled(
            bars.volume[traded], scalings[number].volume, scalings[number].volume.digits
        )
    return BarColumns(**columns)


def _scaled(values: IntColumn, scaling: Scaling, digits: int) -> IntColumn:
    """What integers stand for, as integers of another scale; prices repeat, so each is worked out once."""
    distinct, places = np.unique(values, return_inverse=True)
    changed = np.array([scaled(scaling.price(value), digits) for value in distinct.tolist()], dtype=np.int64)
    found: IntColumn = changed[places] if len(changed) else values
    return found


def _until(bars: BarColumns, last: int) -> BarColumns:
    """The bars that start at `last` or before."""
    count = int(np.searchsorted(bars.start, last, side="right"))
    return BarColumns(*(getattr(bars, name)[:count] for name in BarColumns.NAMES))
