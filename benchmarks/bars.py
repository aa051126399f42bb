"""The bars that every benchmark runs on: one made-up US share, the same on every machine and NumPy version.

Nothing but 64-bit integers is used: a counter goes through a fixed hash (SplitMix64), so no random generator's
version matters. Prices are whole cents. Days that may be a holiday or a half day of the New York Stock Exchange
are left out, whether they were one or not, so that no engine's calendar drops a bar. Each bar opens where the one
before it closed; so an engine that fills at the close and one that fills at the next open pay the same price.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

type Ints = npt.NDArray[np.int64]

SYMBOL = "BENCH"
FIRST_DAY = date(2013, 1, 2)
SESSION_SECONDS = 6 * 3600 + 30 * 60
PRESIDENT_BUSH_MOURNED = date(2018, 12, 5)
NEW_YORK = ZoneInfo("America/New_York")

LOWEST_CENTS = 10_000
RANGE_CENTS = 40_000
FIRST_CENTS = 20_000


@dataclass(frozen=True, slots=True)
class Bars:
    """Columns of equal length: `start` and `end` in microseconds since 1970 UTC, prices in cents, volume in shares."""

    start: Ints
    end: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints

    def __len__(self) -> int:
        return len(self.start)

    def save(self, path: Path) -> None:
        """Writes the columns to an uncompressed .npz file."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Bars":
        """Reads what `save` wrote."""
        with np.load(path) as columns:
            return cls(**{field.name: columns[field.name] for field in fields(cls)})


def make_bars(count: int, *, step_seconds: int = 60, seed: int = 0) -> Bars:
    """Makes `count` bars of `step_seconds` (a divisor of 60) within the regular sessions from `FIRST_DAY` on."""
    step = step_seconds * 1_000_000
    start = _starts(count, step_seconds)
    moves = _binomial(_hash(count, seed, stream=0))
    walk = FIRST_CENTS + np.cumsum(moves)
    close = _fold(walk)
    opening = np.concatenate(([FIRST_CENTS], close[:-1])).astype(np.int64)
    wicks = _hash(count, seed, stream=1)
    up = (wicks & np.uint64(7)).astype(np.int64)
    down = ((wicks >> np.uint64(8)) & np.uint64(7)).astype(np.int64)
    volume = 1_000 + ((wicks >> np.uint64(16)) % np.uint64(20_000)).astype(np.int64)
    return Bars(
        start=start,
        end=start + step,
        open=opening,
        high=np.maximum(opening, close) + up,
        low=np.minimum(opening, close) - down,
        close=close,
        volume=volume,
    )


def cross_orders(close: Ints, fast: int, slow: int) -> int:
    """How many orders the moving-average cross gives on these closes: the answer that each engine is held to."""
    total = np.concatenate(([0], np.cumsum(close)))
    slow_sum = total[slow:] - total[:-slow]
    fast_sum = (total[fast:] - total[:-fast])[slow - fast :]
    long = fast_sum * slow > slow_sum * fast
    return int(np.count_nonzero(np.diff(np.concatenate(([False], long)))))


def _starts(count: int, step_seconds: int) -> Ints:
    per_day = SESSION_SECONDS // step_seconds
    days = -(-count // per_day)
    opens = [_microseconds(day) for _, day in zip(range(days), _sure_trading_days(), strict=False)]
    grid = np.asarray(opens, np.int64)[:, None] + np.arange(per_day, dtype=np.int64) * (step_seconds * 1_000_000)
    return np.ascontiguousarray(grid.reshape(-1)[:count])


def _microseconds(day: date) -> int:
    opening = datetime.combine(day, time(9, 30), NEW_YORK).astimezone(UTC)
    return int(opening.timestamp()) * 1_000_000


def _sure_trading_days() -> Iterator[date]:
    day = FIRST_DAY
    while True:
        if day.weekday() < 5 and not _maybe_closed(day):
            yield day
        day += timedelta(days=1)


def _maybe_closed(day: date) -> bool:
    """Whether the exchange might be closed or close early: every rule here takes in too many days, none too few."""
    monday, friday = day.weekday() == 0, day.weekday() == 4
    rules = {
        1: day.day <= 3 or (monday and 15 <= day.day <= 21),
        2: monday and 15 <= day.day <= 21,
        3: friday and day.day >= 20,
        4: friday and day.day <= 23,
        5: monday and day.day >= 25,
        6: 17 <= day.day <= 21,
        7: day.day <= 6,
        9: monday and day.day <= 7,
        11: day.day >= 22 and day.weekday() >= 3,
        12: day.day >= 22 or day == PRESIDENT_BUSH_MOURNED,
    }
    return rules.get(day.month, False)


def _hash(count: int, seed: int, *, stream: int) -> npt.NDArray[np.uint64]:
    """SplitMix64 of consecutive counters, 64 well-mixed bits each (Steele, Lea and Flood, 2014)."""
    base = np.uint64((seed * 1_000_003 + stream) << 40)
    with np.errstate(over="ignore"):
        mixed = (np.arange(1, count + 1, dtype=np.uint64) + base) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _binomial(bits: npt.NDArray[np.uint64]) -> Ints:
    """Moves of a bell shape in cents, with a deviation of 4 cents: how many of the 64 bits are set, less 32."""
    return np.bitwise_count(bits).astype(np.int64) - 32


def _fold(walk: Ints) -> Ints:
    """Reflects a walk at both ends of the allowed range, so that it never reaches zero however long it is."""
    within = (walk - LOWEST_CENTS) % (2 * RANGE_CENTS)
    return LOWEST_CENTS + np.where(within > RANGE_CENTS, 2 * RANGE_CENTS - within, within)
