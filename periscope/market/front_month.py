"""The front month of a futures root by volume.

It is the unexpired contract with the greatest volume in the last trading day that was complete at the time asked for;
the nearer expiry wins a tie. A contract's volume of a day is that of its DAY bars that start in the trading day (a
Sunday stub belongs to Monday), else the sum of its finest bars. Days without volume in any unexpired contract and
holiday stubs (a session cut short because the cash market is closed) are skipped. A day is complete at its session's
close, or when its last bar ends if that is later.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import ExchangeSessions, Ints, SessionRangeError, day_of_number, sessions_for
from periscope.instruments.times import time_text
from periscope.market.catalog import FINEST_FIRST, Catalog

ALWAYS = 2**63 - 1
"""Later than every time."""


@dataclass(frozen=True, slots=True)
class FrontMonth:
    """An answer and how long it surely holds: for every time in [valid_from, valid_until), microseconds UTC.

    `valid_until` is the next close of a session or expiry of a contract, so that it tells nothing about later volumes.
    """

    symbol: str
    valid_from: int
    valid_until: int


class NoFrontMonthError(LookupError):
    """No contract of the root can be named front month at that time; the message says why."""


@dataclass(frozen=True, slots=True)
class RootVolumes:
    """What the front month of a root is decided by: the volume of each contract on each trading day that counts.

    `chain` is in order of expiry. For each row `days` is the trading day (days since 1970-01-01, ascending), `complete`
    when it is complete (microseconds UTC, ascending), and `table` the volume by contract.
    """

    chain: list[Instrument]
    sessions: ExchangeSessions
    days: Ints
    complete: Ints
    table: Ints


@dataclass(frozen=True, slots=True)
class _Answers:
    """The front month from each of `times` until the next one; None where there is none."""

    times: list[int]
    symbols: list[str | None]
    expiries: list[int]
    sessions: ExchangeSessions

    def until(self, as_of: int) -> int:
        """When the answer for `as_of` may change, by calendar and expiries alone."""
        expiry = next((at for at in self.expiries if at > as_of), ALWAYS)
        try:
            return min(expiry, self.sessions.session_from(as_of).close)
        except SessionRangeError:
            return expiry


class FrontMonths:
    """Front months over one catalog as it is now; every root is worked out once, at its first question."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._answers: dict[str, _Answers] = {}

    def front_month(self, root: str, as_of: int) -> FrontMonth:
        """The front month of a root at a time in microseconds since 1970-01-01 UTC.

        Raises `NoFrontMonthError` (a LookupError) for a root without contracts or bars, before the first complete
        trading day, and when every contract that traded has expired.
        """
        if root not in self._answers:
            self._answers[root] = self._work_out(root)
        answers = self._answers[root]
        index = bisect_right(answers.times, as_of) - 1
        if index < 0:
            raise NoFrontMonthError(
                f"no front month of {root} at {time_text(as_of)}: its first trading day with volume is complete at"
                f" {time_text(answers.times[0])}"
            )
        symbol = answers.symbols[index]
        if symbol is None:
            raise NoFrontMonthError(
                f"no front month of {root} at {time_text(as_of)}: every contract with volume before then has expired"
            )
        until = min([answers.until(as_of), *answers.times[index + 1 : index + 2]])
        return FrontMonth(symbol, answers.times[index], until)

    def changes(self, root: str) -> list[tuple[int, str | None]]:
        """Every time at which the answer may change, ascending, and the front month from then on; None for none.

        Raises `NoFrontMonthError` for a root without contracts or bars.
        """
        if root not in self._answers:
            self._answers[root] = self._work_out(root)
        return list(zip(self._answers[root].times, self._answers[root].symbols, strict=True))

    def volumes(self, root: str) -> RootVolumes:
        """The volumes that decide. Raises `NoFrontMonthError` for a root without contracts or bars."""
        chain = self._catalog.instruments.chain(root)
        if not chain:
            known = ", ".join(self._catalog.instruments.roots()) or "none"
            raise NoFrontMonthError(f"the catalog has no futures with root {root!r}; roots it has: {known}")
        sessions = sessions_for(chain[0].exchange, extended=True)
        decimals = max(contract.volume_scale for contract in chain)
        volumes = [_daily_volumes(self._catalog, contract, sessions, decimals) for contract in chain]
        days, complete, table = _table(volumes, sessions)
        if len(complete) == 0:
            raise NoFrontMonthError(f"the catalog has no bars with volume of any contract of {root}")
        return RootVolumes(chain, sessions, days, complete, table)

    def _work_out(self, root: str) -> _Answers:
        volumes = self.volumes(root)
        return _answers(volumes.chain, volumes.complete, volumes.table, volumes.sessions)


@dataclass(frozen=True, slots=True)
class _Volumes:
    """One contract: its volume by trading day (days since 1970-01-01, ascending) and when each day's bars end."""

    days: Ints
    volumes: Ints
    ends: Ints


def _daily_volumes(catalog: Catalog, contract: Instrument, sessions: ExchangeSessions, decimals: int) -> _Volumes:
    """Day by day: from DAY bars where the day has one, else from the finest span that has bars of the day."""
    found = _Volumes(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    stored = catalog.spans(contract)
    for span in (BarTimeSpan.DAY, *(span for span in FINEST_FIRST if span is not BarTimeSpan.DAY)):
        if span not in stored:
            continue
        more = _volumes_of(catalog, contract, span, sessions, decimals)
        new = ~np.isin(more.days, found.days)
        days = np.concatenate([found.days, more.days[new]])
        order = np.argsort(days)
        found = _Volumes(
            days[order],
            np.concatenate([found.volumes, more.volumes[new]])[order],
            np.concatenate([found.ends, more.ends[new]])[order],
        )
    return found


def _volumes_of(
    catalog: Catalog, contract: Instrument, span: BarTimeSpan, sessions: ExchangeSessions, decimals: int
) -> _Volumes:
    coverage = catalog.spans(contract)[span]
    unit = 10 ** (decimals - contract.volume_scale)
    days, volumes, ends = [], [], []
    for bars in catalog.all_bars(contract, span, coverage.first, coverage.until):
        number = sessions.trading_day_numbers(bars.start).astype(np.int64)
        firsts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
        days.append(number[firsts])
        volumes.append(np.add.reduceat(np.maximum(bars.volume, 0), firsts) * unit)
        ends.append(np.maximum.reduceat(bars.end, firsts))
    if not days:
        return _Volumes(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    day, place = np.unique(np.concatenate(days), return_inverse=True)
    volume, end = np.zeros(len(day), dtype=np.int64), np.zeros(len(day), dtype=np.int64)
    np.add.at(volume, place, np.concatenate(volumes))
    np.maximum.at(end, place, np.concatenate(ends))
    return _Volumes(day, volume, end)


def changes_of(volumes: RootVolumes) -> list[tuple[int, str | None]]:
    """Every time at which the contract with the greatest volume may change, and which it is from then on."""
    answers = _answers(volumes.chain, volumes.complete, volumes.table, volumes.sessions)
    return list(zip(answers.times, answers.symbols, strict=True))


def _table(contracts: list[_Volumes], sessions: ExchangeSessions) -> tuple[Ints, Ints, Ints]:
    """The days with volume that are no holiday stubs, when each is complete, and volumes by day and contract."""
    days = np.unique(np.concatenate([contract.days for contract in contracts]))
    table = np.zeros((len(days), len(contracts)), dtype=np.int64)
    complete = np.zeros(len(days), dtype=np.int64)
    for column, contract in enumerate(contracts):
        rows = np.searchsorted(days, contract.days)
        table[rows, column] = contract.volumes
        complete[rows] = np.maximum(complete[rows], contract.ends)
    for row, number in enumerate(days.tolist()):
        session = sessions.session_of_day(day_of_number(number))
        assert session is not None, "a trading day without a session"
        complete[row] = max(int(complete[row]), session.close)
    stubs = np.array([sessions.is_holiday_stub(day_of_number(number)) for number in days.tolist()], dtype=np.bool_)
    counts = ~stubs & (table.sum(axis=1) > 0)
    # Should bars of one day end after the next day's close, neither is complete before they do.
    return days[counts], np.maximum.accumulate(complete[counts]), table[counts]


def _answers(chain: list[Instrument], complete: Ints, table: Ints, sessions: ExchangeSessions) -> _Answers:
    """One answer for each time at which it may change: a day completes or a contract expires."""
    expiries = np.array([ALWAYS if contract.expires_at is None else contract.expires_at for contract in chain])
    changes = np.unique(np.concatenate([complete, expiries[(expiries > complete[0]) & (expiries < ALWAYS)]]))
    times: list[int] = []
    symbols: list[str | None] = []
    for at in changes.tolist():
        last = int(np.searchsorted(complete, at, side="right")) - 1
        alive = expiries > at
        row = next((row for row in range(last, -1, -1) if table[row, alive].any()), None)
        times.append(at)
        # The chain is in order of expiry and argmax takes the first of equals: the nearer expiry wins.
        symbols.append(None if row is None else chain[int(np.where(alive, table[row], -1).argmax())].symbol)
    return _Answers(times, symbols, sorted(set(expiries.tolist()) - {ALWAYS}), sessions)
