"""Rolls, and a root as one series, as JSON documents: those of `--json`, which are also those of the API."""

from datetime import date
from typing import Any

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME
from periscope.market.continuous import RATIO_DECIMALS, Adjustment, ContinuousSeries, continuous
from periscope.market.quality.series import price_text
from periscope.market.rolls import Roll, RollBy, roll_schedule


def rolls_document(catalog: Catalog, root: str, by: str, since: date | None, until: date | None) -> dict[str, Any]:
    """When a root rolls, on days from `since` to `until`, both included. Raises NoRollsError."""
    schedule = roll_schedule(catalog, root.strip().upper(), RollBy(by))
    return {
        "root": schedule.root,
        "by": schedule.by.value,
        "first": {"contract": schedule.first_symbol, "since": time_text(schedule.first_at)},
        "ends": None if schedule.ends_at is None else time_text(schedule.ends_at),
        "rolls": [
            _roll(roll)
            for roll in schedule.rolls
            if (since is None or roll.day >= since) and (until is None or roll.day <= until)
        ],
    }


def continuous_document(
    catalog: Catalog, root: str, span: BarTimeSpan | None, adjustment: str, rows: int
) -> dict[str, Any]:
    """The series rolled by volume: its rolls, and so many bars at each end; day bars if no span is given.

    Raises NoRollsError.
    """
    name = root.strip().upper()
    series = continuous(catalog, name, span or BarTimeSpan.DAY, adjustment=Adjustment(adjustment))
    count = len(series.bars)
    head = range(min(rows, count))
    tail = range(max(count - rows, len(head)), count)
    return {
        "root": name,
        "span": series.span.value,
        "adjustment": adjustment,
        "bars": count,
        "rounded_to_decimals": RATIO_DECIMALS if series.adjustment is Adjustment.RATIO else None,
        "rolls": [
            {
                "from": splice.from_symbol,
                "to": splice.to_symbol,
                "at": time_text(splice.at),
                "measured_at": None if splice.common is None else time_text(splice.common),
            }
            for splice in series.splices
        ],
        "head": [_bar(series, row) for row in head],
        "tail": [_bar(series, row) for row in tail],
    }


def _roll(roll: Roll) -> dict[str, Any]:
    return {
        "from": roll.from_symbol,
        "to": roll.to_symbol,
        "trading_day": roll.day.isoformat(),
        "at": time_text(roll.at),
        "decided_on": None if roll.decided is None else roll.decided.isoformat(),
        "from_contracts": None if roll.from_count is None else f"{roll.from_count:f}",
        "to_contracts": None if roll.to_count is None else f"{roll.to_count:f}",
        "expired": roll.expired,
    }


def _bar(series: ContinuousSeries, row: int) -> dict[str, Any]:
    bars, volume = series.bars, int(series.bars.volume[row])
    prices = {
        name: price_text(int(getattr(bars, name)[row]), series.price_scale) for name in ("open", "high", "low", "close")
    }
    return {
        "start": time_text(int(bars.start[row])),
        "contract": series.contracts[int(series.contract[row])],
        **prices,
        "volume": None if volume == UNKNOWN_VOLUME else price_text(volume, series.volume_scale),
    }
