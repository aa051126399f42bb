"""When a futures root passes from one contract to the next: by volume, by open interest, or by last trade."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import SessionRangeError, day_of_number, sessions_for
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.market.errors import NotThereError
from periscope.market.front_month import FrontMonths, NoFrontMonthError, RootVolumes, changes_of
from periscope.market.open_interest import known_interest


class RollBy(Enum):
    """What decides which contract counts."""

    VOLUME = "volume"
    """The front month of rule 13 in docs/semantics.md; see `market.front_month`."""

    OPEN_INTEREST = "open-interest"
    """The most open contracts, as far as the catalog knows them; see `market.open_interest`."""

    LAST_TRADE = "last-trade"
    """Each contract until its last trading moment."""


class NoRollsError(NotThereError):
    """The rolls of a root cannot be told; the message says why, `code` is stable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """One roll: from `at` on (microseconds since 1970-01-01 UTC) `to_symbol` counts instead of `from_symbol`.

    `day` is the trading day with whose end, or last trade, the roll happens. `decided` is the trading day whose figures
    decided, an earlier one if there are none later: `from_count` and `to_count` are the contracts traded on it, or open
    as known at its end. All three are None where figures decided nothing. `expired` says that the old contract ceased
    to trade, rather than being overtaken.
    """

    from_symbol: str
    to_symbol: str
    day: date
    at: int
    decided: date | None
    from_count: Decimal | None
    to_count: Decimal | None
    expired: bool


@dataclass(frozen=True, slots=True)
class Tenure:
    """A contract and the time for which it counts, [since, until) in microseconds since 1970-01-01 UTC."""

    symbol: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class RollSchedule:
    """The rolls of a root, ascending; `first_symbol` counts from `first_at` on, `ends_at` is when the last contract
    that is known ceases to count (None: never)."""

    root: str
    by: RollBy
    first_symbol: str
    first_at: int
    rolls: tuple[Roll, ...]
    ends_at: int | None

    def tenures(self) -> list[Tenure]:
        """Which contract counts when, one after the other."""
        symbols = [self.first_symbol, *(roll.to_symbol for roll in self.rolls)]
        times = [self.first_at, *(roll.at for roll in self.rolls), 2**62 if self.ends_at is None else self.ends_at]
        return [Tenure(symbol, times[i], times[i + 1]) for i, symbol in enumerate(symbols)]


def roll_schedule(catalog: Catalog, root: str, by: RollBy = RollBy.VOLUME) -> RollSchedule:
    """The rolls of a root from what the catalog holds.

    Raises `NoRollsError`: UNKNOWN_ROOT, NO_FRONT_MONTH for a root without volumes, OPEN_INTEREST_UNKNOWN, NO_EXPIRIES
    where no contract with bars has a known last trade, and NO_SESSIONS for a last trade beyond the session table.
    """
    if not catalog.instruments.chain(root):
        raise NoRollsError("UNKNOWN_ROOT", catalog.instruments.explain_unknown_root(root))
    match by:
        case RollBy.VOLUME:
            return _by_volume(FrontMonths(catalog), root)
        case RollBy.LAST_TRADE:
            return _by_last_trade(catalog, root)
        case RollBy.OPEN_INTEREST:
            return _by_interest(catalog, root)


def _by_volume(front: FrontMonths, root: str) -> RollSchedule:
    try:
        changes, volumes = front.changes(root), front.volumes(root)
    except NoFrontMonthError as error:
        raise NoRollsError("NO_FRONT_MONTH", str(error)) from None
    return _by_figures(root, RollBy.VOLUME, changes, volumes)


def _by_interest(catalog: Catalog, root: str) -> RollSchedule:
    known = known_interest(catalog, root)
    if known is None:
        raise NoRollsError(
            "OPEN_INTEREST_UNKNOWN",
            f"the catalog knows no open interest of {root}; import a LEAN folder that has files of it",
        )
    return _by_figures(root, RollBy.OPEN_INTEREST, changes_of(known), known)


def _by_figures(root: str, by: RollBy, changes: list[tuple[int, str | None]], volumes: RootVolumes) -> RollSchedule:
    known = [(at, symbol) for at, symbol in changes if symbol is not None]
    if not known:
        raise NoRollsError("NO_FRONT_MONTH", f"every contract of {root} with {by.value} had expired when its day ended")
    rolls = [_roll(volumes, before, after, at) for (_, before), (at, after) in pairwise(known) if before != after]
    ends = changes[-1][0] if changes[-1][1] is None else None
    return RollSchedule(root, by, known[0][1], known[0][0], tuple(rolls), ends)


def _roll(volumes: RootVolumes, before: str, after: str, at: int) -> Roll:
    """The roll at a time, with the day and the volumes that decided it."""
    complete: list[int] = volumes.complete.tolist()
    contracts = {contract.symbol: column for column, contract in enumerate(volumes.chain)}
    expires = volumes.chain[contracts[before]].expires_at
    expired = expires is not None and expires <= at
    row = bisect_right(complete, at) - 1
    while expired and row > 0 and not volumes.table[row, contracts[after]]:
        row -= 1
    decimals = max(contract.volume_scale for contract in volumes.chain)
    old, new = (Decimal(int(volumes.table[row, contracts[name]])).scaleb(-decimals) for name in (before, after))
    return Roll(
        from_symbol=before,
        to_symbol=after,
        day=_trading_day(volumes.chain[contracts[before]], at),
        at=at,
        decided=day_of_number(int(volumes.days[row])),
        from_count=old,
        to_count=new,
        expired=expired,
    )


def _by_last_trade(catalog: Catalog, root: str) -> RollSchedule:
    chain = catalog.instruments.chain(root)
    traded = [(contract, coverage) for contract in chain if (coverage := _bars(catalog, contract)) is not None]
    # Without a last trade a contract can only be the last one; the chain has these at its end.
    lasting = [each for each in traded if each[0].expires_at is not None]
    if not lasting:
        raise NoRollsError("NO_EXPIRIES", f"no contract of {root} with bars has a known last trade")
    first = lasting[0]
    rolls = [
        Roll(
            from_symbol=old.symbol,
            to_symbol=new.symbol,
            day=_trading_day(old, _expiry(old)),
            at=_expiry(old),
            decided=None,
            from_count=None,
            to_count=None,
            expired=True,
        )
        for (old, _), (new, _) in zip(lasting, traded[1:], strict=False)
    ]
    ends = None if len(traded) > len(lasting) else _expiry(lasting[-1][0])
    return RollSchedule(root, RollBy.LAST_TRADE, first[0].symbol, first[1], tuple(rolls), ends)


def _bars(catalog: Catalog, contract: Instrument) -> int | None:
    """When the first stored bar of a contract starts, None without bars."""
    return min((coverage.first for coverage in catalog.spans(contract).values()), default=None)


def _expiry(contract: Instrument) -> int:
    assert contract.expires_at is not None
    return contract.expires_at


def _trading_day(contract: Instrument, at: int) -> date:
    """The trading day that ends at a time, or that it interrupts."""
    try:
        return sessions_for(contract.exchange, extended=True).trading_day(at - 1)
    except SessionRangeError as error:
        raise NoRollsError("NO_SESSIONS", f"{contract.symbol} rolls at {time_text(at)}; {error}") from None
