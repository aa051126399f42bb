"""The contracts of a futures root: from the table of products, joined with those that a catalog has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count

from periscope.instruments.contract_names import Spellings, spellings
from periscope.instruments.expiry_rules import month_start
from periscope.instruments.futures import FIRST_YEAR, ContractDates, contract_dates, parse_future_symbol
from periscope.instruments.instrument import Instrument
from periscope.instruments.products import FutureProduct
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND

_LAST_YEAR = FIRST_YEAR + 99
_LONGEST_LAG_MONTHS = 4
"""No contract of the table stops trading more than three months after, or before, the month of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract of a chain. `serial`: of a month outside of the main cycle. `stored`: as the catalog has it."""

    names: Spellings
    year: int
    month: int
    serial: bool
    dates: ContractDates
    stored: Instrument | None

    @property
    def ends_on(self) -> date:
        """The last trading day, the last day of the contract's month where the former is not known."""
        last = self.dates.last_trade_day
        return last if last is not None else date.fromordinal(month_start(self.year, self.month, 1).toordinal() - 1)


def product_chain(
    product: FutureProduct, stored: list[Instrument], first: date, last: date, *, serial: bool = False
) -> list[Contract]:
    """The contracts of a product that stop trading between two days, both included, nearest first.

    Contracts of other months than those of the main cycle are left out unless asked for, or in the catalog.
    """
    return [
        contract
        for contract in _contracts(product, stored, first, serial=serial, until=last)
        if first <= contract.ends_on <= last
    ]


def trading_contracts(
    product: FutureProduct, stored: list[Instrument], day: date, number: int, *, serial: bool = False
) -> list[Contract]:
    """The first contracts of a product that have not stopped trading before a day, nearest first."""
    found: list[Contract] = []
    for contract in _contracts(product, stored, day, serial=serial, until=date(_LAST_YEAR, 12, 31)):
        if contract.ends_on >= day:
            found.append(contract)
        if len(found) == number + _LONGEST_LAG_MONTHS:
            break
    return sorted(found, key=lambda contract: (contract.ends_on, contract.names.symbol))[:number]


def stored_chain(stored: list[Instrument]) -> list[Contract]:
    """The contracts of a root that the table does not have: all that the catalog says about them."""
    return [_stored_contract(instrument) for instrument in stored]


def day_of(moment: int) -> date:
    """The UTC day of a moment in microseconds since 1970-01-01."""
    return datetime.fromtimestamp(moment // MICROSECONDS_PER_SECOND, UTC).date()


def _contracts(
    product: FutureProduct, stored: list[Instrument], first: date, *, serial: bool, until: date
) -> Iterator[Contract]:
    """The contracts by month, from one that surely ended before `first` to one that surely ends after `until`."""
    by_symbol = {instrument.symbol: instrument for instrument in stored}
    for later in count(-_LONGEST_LAG_MONTHS):
        start = month_start(first.year, first.month, later)
        if start > month_start(until.year, until.month, _LONGEST_LAG_MONTHS) or start.year > _LAST_YEAR:
            return
        year, month = start.year, start.month
        if year < FIRST_YEAR:
            continue
        names = spellings(product.root, year, month)
        in_cycle = month in product.months or (serial and month in product.serial_months)
        if not in_cycle and names.symbol not in by_symbol:
            continue
        contract = Contract(
            names=names,
            year=year,
            month=month,
            serial=month not in product.months,
            dates=contract_dates(product, year, month),
            stored=by_symbol.get(names.symbol),
        )
        if product.traded_since is None or contract.ends_on >= product.traded_since:
            yield contract


def _stored_contract(instrument: Instrument) -> Contract:
    try:
        parts = parse_future_symbol(instrument.symbol)
        names, year, month = spellings(parts.root, parts.year, parts.month), parts.year, parts.month
    except ValueError:
        day = day_of(instrument.expires_at or 0)
        names, year, month = Spellings(instrument.symbol, instrument.symbol), day.year, day.month
    dates = ContractDates(
        first_notice=None,
        first_notice_unknown="the root is not in the table of products",
        last_trade_day=None if instrument.expires_at is None else day_of(instrument.expires_at),
        last_trade=instrument.expires_at,
        last_trade_unknown="" if instrument.expires_at is not None else "the catalog has none",
    )
    return Contract(names=names, year=year, month=month, serial=False, dates=dates, stored=instrument)
