"""Hours made of LEAN's minutes against LEAN's own hours, bar by bar.

Where they differ, LEAN's two files differ with one another, in ways that no rule of resampling explains:

- equities: volumes are equal (but for four hours of AIG), so both cover the same trades, but the trade that counts as
  the first, the last or an extreme one is not always the same. SPY's minute before 11:00 on 2013-10-04 closes at
  168.15, the hour that ends there at 168.18;
- ES in 2020: prices are equal, the hours hold about five per cent more volume than their minutes.

ES in 2013 and 2014 is equal in every field. How often each field differs stands below, so that nothing else may.
"""

import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.market.catalog import Catalog
from periscope.market.resample import resampled
from tests.lean.test_backtests import LEAN
from tests.market.catalog_data import FAR, Row, rows_of

pytestmark = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

SAME = (0, 0, 0, 0, 0, 0)
DIFFERENCES = {
    "SPY": (42, (0, 11, 6, 6, 7, 0)),
    "AAPL": (21, (0, 6, 7, 4, 4, 0)),
    "AIG": (42, (0, 7, 10, 9, 15, 4)),
    "BAC": (42, (0, 7, 2, 2, 7, 0)),
    "ESZ13": (115, SAME),
    "ESH14": (110, SAME),
    "ESM14": (19, SAME),
    "ESU14": (1, SAME),
    "ESZ14": (1, SAME),
    "ESH20": (7, (0, 0, 0, 0, 0, 7)),
    "ESM20": (1, SAME),
    "ESU20": (1, SAME),
}
"""Symbol: hours that both have; in how many of them end, open, high, low, close and volume differ."""


def hours(catalog: Catalog, instrument: Instrument, source: BarTimeSpan) -> dict[int, Row]:
    """The hour bars of an instrument by their start, stored ones or made of minutes."""
    chunks = catalog.chunks(instrument, source, 0, FAR, extended=False)
    if source is BarTimeSpan.MINUTE:
        chunks = resampled(chunks, BarTimeSpan.HOUR, sessions_for(instrument.exchange), 0, FAR)
    return {row[0]: row for chunk in chunks for row in rows_of(chunk)}


@pytest.mark.parametrize("symbol", DIFFERENCES)
def test_hours_made_of_minutes_are_leans_own(lean_catalog: Catalog, symbol: str) -> None:
    (instrument,) = (each for each in lean_catalog.instruments.all() if each.symbol == symbol)
    made, own = (hours(lean_catalog, instrument, span) for span in (BarTimeSpan.MINUTE, BarTimeSpan.HOUR))
    both = sorted(made.keys() & own.keys())
    different = tuple(sum(made[start][field] != own[start][field] for start in both) for field in range(1, 7))
    assert (len(both), different) == DIFFERENCES[symbol]
