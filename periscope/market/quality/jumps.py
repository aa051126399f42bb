"""Prices that are multiplied over night by a ratio of the kind that splits have."""

from datetime import date

import numpy as np

from periscope.instruments.instrument import TRADES_AS_EQUITY
from periscope.instruments.sessions import day_of_number
from periscope.market.quality.coverage import SessionCoverage
from periscope.market.quality.findings import FindingLog

SPLITS = ((2, 1), (3, 1), (3, 2), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (10, 1), (15, 1), (20, 1), (25, 1), (30, 1))
"""New shares per old share(s); each counts in both directions. Smaller ratios look like ordinary bad nights."""

SCALES = ((10, 1), (100, 1), (1000, 1), (10_000, 1))
"""Units that change within a file: cents and dollars, a price and a price times ten."""

NEARNESS = 25
"""The open may miss the ratio by this part: one in 25 is 4 %."""


def find_jumps(table: SessionCoverage, log: FindingLog, splits: frozenset[date]) -> None:
    """SPLIT_LIKE_JUMP: a session opens near the last close times a split's ratio; it and the next one close nearer to
    the new level, the two before nearer to the old one. `splits` are the trading days at whose open a known split takes
    effect; they are left out."""
    there = np.flatnonzero((table.bars > 0) & (table.close > 0) & (table.open > 0))
    before, after = there[:-1], there[1:]
    if len(after) == 0:
        return
    ratios = (*(SPLITS if table.series.instrument.asset_type in TRADES_AS_EQUITY else ()), *SCALES)
    # Moves of less than a quarter are near none of the ratios.
    far = (table.open[after] // 5 >= table.close[before] // 4) | (table.open[after] // 4 <= table.close[before] // 5)
    closes = table.close[there].tolist()
    for place in np.flatnonzero(far).tolist():
        first = int(after[place])
        day = day_of_number(int(table.grid.days[first]))
        old, opened = closes[place], int(table.open[first])
        ratio = _ratio(opened, closes[max(place - 1, 0) : place + 1], closes[place + 1 : place + 3], ratios)
        if ratio is not None and day not in splits:
            price = table.series.price
            example = f"{day} opens at {price(opened)} after a close of {price(old)}: near {ratio[0]}:{ratio[1]}"
            log.add("SPLIT_LIKE_JUMP", table.grid.opens[first : first + 1], lambda _, example=example: example)  # type: ignore[misc]


def _ratio(
    opened: int, before: list[int], after: list[int], ratios: tuple[tuple[int, int], ...]
) -> tuple[int, int] | None:
    """New to old price as a split's ratio, None if it is like none; 1:2 is half the price. `before` and `after` are the
    closes of the sessions on either side, at most two each."""
    old = before[-1]
    for many, few in ratios:
        for up, down in ((many, few), (few, many)):
            near = abs(opened * down - old * up) * NEARNESS <= old * up
            # Nearer to the new level in ratio: close / old beyond the square root of up / down.
            sign = 1 if up > down else -1
            new = [(close * close * down - old * old * up) * sign >= 0 for close in (*before, *after)]
            if near and not any(new[: len(before)]) and all(new[len(before) :]):
                return up, down
    return None
