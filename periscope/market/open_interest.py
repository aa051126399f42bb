"""The open interest of a futures root's contracts, trading day by trading day, as it was known when each day ended.

Open interest is told late and seldom: a figure stored for an interval counts from the interval's end on, until the next
one. A trading day counts if a figure of any contract became known during it, and is no holiday stub.
"""

from bisect import bisect_right

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import Ints, day_of_number, sessions_for
from periscope.market.bar_files import joined_rows
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, InterestColumns
from periscope.market.front_month import RootVolumes

_EVER = 2**62


def known_interest(catalog: Catalog, root: str) -> RootVolumes | None:
    """The contracts open on each trading day that counts, in the form of volumes; None where nothing is known.

    A contract of which nothing is known at the end of a day has 0 then.
    """
    chain = catalog.instruments.chain(root)
    figures = [_figures(catalog, contract) for contract in chain]
    told = np.unique(np.concatenate([at for at, _ in figures])) if figures else np.empty(0, dtype=np.int64)
    if len(told) == 0:
        return None
    sessions = sessions_for(chain[0].exchange, extended=True)
    numbers = np.unique(sessions.trading_day_numbers(told - 1).astype(np.int64))
    days = [number for number in numbers.tolist() if not sessions.is_holiday_stub(day_of_number(number))]
    closes: list[int] = []
    for number in days:
        session = sessions.session_of_day(day_of_number(number))
        assert session is not None, "a trading day without a session"
        closes.append(session.close)
    decimals = max(contract.volume_scale for contract in chain)
    table = np.zeros((len(days), len(chain)), dtype=np.int64)
    for column, (contract, (at, interest)) in enumerate(zip(chain, figures, strict=True)):
        times = at.tolist()
        for row, close in enumerate(closes):
            last = bisect_right(times, close) - 1
            table[row, column] = 0 if last < 0 else int(interest[last]) * 10 ** (decimals - contract.volume_scale)
    counts = table.any(axis=1)
    known = np.array(days, dtype=np.int64)[counts], np.array(closes, dtype=np.int64)[counts], table[counts]
    return RootVolumes(chain, sessions, *known) if bool(counts.any()) else None


def _figures(catalog: Catalog, contract: Instrument) -> tuple[Ints, Ints]:
    """When each figure became known, ascending, and the figure; of several at a time the finest span's."""
    parts = [
        joined_rows(InterestColumns, list(catalog.all_interest(contract, span, -_EVER, _EVER)))
        for span in reversed(catalog.interest_spans(contract))
    ]
    rows = joined_rows(InterestColumns, parts)
    order = np.argsort(rows.end, kind="stable")
    ends, figures = rows.end[order], rows.open_interest[order]
    known = figures != UNKNOWN_VOLUME
    return ends[known], figures[known]
