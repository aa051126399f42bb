"""What one contract is: the facts that execution, money and the data columns need."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from libs.shared_ipc.src.protocol import AssetType

TRADES_AS_EQUITY = frozenset(
    {AssetType.EQUITY, AssetType.ETF, AssetType.PREFERRED, AssetType.RIGHT, AssetType.UNIT, AssetType.WARRANT}
)
"""Asset types whose orders are paid in full, unit by unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerPeriod:
    """A ticker and the trading days on which it named an instrument, both included; None where there is no such end."""

    ticker: str
    first_day: date | None
    last_day: date | None
    source: str

    def holds_on(self, day: date) -> bool:
        """Whether the ticker named the instrument on a trading day."""
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a single fact of an instrument comes from; `fact` is the name of its field."""

    fact: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginPeriod:
    """Margins of a future per contract, in force from a day on until the next period begins.

    `initial` and `maintenance` are held overnight; the intraday ones are None where the source has no others.
    """

    first_day: date
    initial: Decimal
    maintenance: Decimal
    intraday_initial: Decimal | None = None
    intraday_maintenance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One tradable (or merely quoted) contract.

    Columns of this instrument hold integers: a price p is stored as p x 10**price_scale, a volume v as
    v x 10**volume_scale. `tick` and `quantity_step` are the smallest moves of an order's price and quantity;
    `multiplier` is money per price unit and contract. Margins are per contract in `currency`: `margins` those known by
    date, oldest first, `initial_margin` and `maintenance_margin` those that count whatever the date. Times are
    microseconds since 1970-01-01 UTC: `listed_at` is the first trading moment, `expires_at` the last (expiry of a
    future, delisting of an equity), None where there is none known.

    `valid_from` and `valid_until` are the first and last trading day on which these facts hold, None where there is no
    such end. `names` are the tickers that it had, oldest first; empty where only `symbol` is known. `source` says where
    the facts come from, `fact_sources` where single ones come from that have a source of their own.
    """

    symbol: str
    asset_type: AssetType
    exchange: str
    currency: str = "USD"
    price_scale: int = 4
    volume_scale: int = 0
    tick: Decimal = Decimal("0.01")
    quantity_step: Decimal = Decimal(1)
    multiplier: Decimal = Decimal(1)
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    root: str | None = None
    listed_at: int | None = None
    expires_at: int | None = None
    source: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    names: tuple[TickerPeriod, ...] = ()
    fact_sources: tuple[FactSource, ...] = ()
    margins: tuple[MarginPeriod, ...] = ()

    @property
    def key(self) -> tuple[str, AssetType]:
        """What identifies the instrument in a catalog."""
        return (self.symbol, self.asset_type)

    @property
    def is_future(self) -> bool:
        """Whether positions are margined and settled instead of paid."""
        return self.asset_type is AssetType.FUTURE

    def valid_on(self, day: date) -> bool:
        """Whether its facts hold on a trading day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def ticker_on(self, day: date) -> str | None:
        """The ticker that it had on a trading day, None before it was listed and after it was delisted."""
        if not self.valid_on(day):
            return None
        if not self.names:
            return self.symbol
        return next((name.ticker for name in self.names if name.holds_on(day)), None)

    def margins_on(self, day: date) -> MarginPeriod | None:
        """The margins in force on a day; the first known ones if it is earlier than all; None if none are known."""
        index = bisect_right(self.margins, day, key=lambda period: period.first_day)
        return self.margins[max(index - 1, 0)] if self.margins else None

    def source_of(self, fact: str) -> str:
        """Where the fact of that field name comes from."""
        return next((each.source for each in self.fact_sources if each.fact == fact), self.source)
