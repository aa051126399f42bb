"""What splits and dividends do to the instruments of a catalog in one run."""

from datetime import date
from decimal import Decimal

from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scaling
from periscope.instruments.sessions import sessions_for
from periscope.market.adjustment import AS_TRADED, Adjusted, Adjustment, raw, split_adjusted, total_return
from periscope.market.adjustment_lean import lean_adjusted, lean_raw
from periscope.market.catalog import Catalog
from periscope.market.corporate_actions import Dividend, corporate_actions_of
from periscope.market.importers.corporate_actions import read_factor_rows

_LOOK_BACK = 31 * 86_400_000_000
"""How long before an ex-date a close may be and still count as the close before it."""


class Adjustments:
    """The corporate actions of a catalog as a run in the window [start, end] (microseconds UTC) sees them."""

    def __init__(self, catalog: Catalog, start: int, end: int, adjustment: Adjustment) -> None:
        self._catalog = catalog
        self._start = start
        self._end = end
        self._adjustment = adjustment
        self._known: dict[tuple[str, str], Adjusted] = {}

    def of(self, instrument: Instrument) -> Adjusted:
        """One instrument in this run. Raises `CatalogDamagedError`."""
        found = self._known.get(instrument.key)
        if found is None:
            found = self._known[instrument.key] = self._work_out(instrument)
        return found

    def problems(self) -> list[tuple[str, str]]:
        """Symbols, and what could not be applied to them."""
        return [(symbol, text) for (symbol, _), found in self._known.items() for text in found.problems]

    def _work_out(self, instrument: Instrument) -> Adjusted:
        actions = corporate_actions_of(self._catalog.files, instrument)
        if actions.is_empty:
            return AS_TRADED
        sessions = sessions_for(instrument.exchange)

        def moment(day: date) -> int:
            return sessions.day_bounds(day)[0]

        def close_before(dividend: Dividend) -> Decimal | None:
            told = dividend.close_before
            return self._close_before(instrument, moment(dividend.ex_date)) if told is None else told

        match self._adjustment:
            case Adjustment.SPLIT:
                return split_adjusted(actions, moment, self._start, self._end)
            case Adjustment.RAW:
                return raw(actions, moment, self._start, self._end)
            case Adjustment.TOTAL_RETURN:
                return total_return(actions, moment, close_before, self._start, self._end)
        rows = read_factor_rows(self._catalog.files, instrument.symbol)
        if self._adjustment is Adjustment.LEAN_ADJUSTED:
            return lean_adjusted(rows, moment)
        return lean_raw(rows, instrument.exchange, moment, self._start, self._end)

    def _close_before(self, instrument: Instrument, time: int) -> Decimal | None:
        """The raw close of the last regular bar that had ended by `time`, of the coarsest span that has one."""
        for span in reversed(self._catalog.spans(instrument)):
            last = None
            for bars in self._catalog.chunks(instrument, span, time - _LOOK_BACK, time, extended=False):
                if len(bars):
                    last = int(bars.close[-1])
            if last is not None:
                return Scaling(instrument.price_scale).price(last)
        return None
