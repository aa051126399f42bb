"""The futures roots that Periscope knows: what all contracts of a root have in common, each fact with its source.

The facts are in `data/futures.toml`, which is meant to be read; docs/instruments.md says how sure each column is.
"""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

MONTH_CODES = "FGHJKMNQUVXZ"
"""The month letters of every exchange, January to December."""

type Letters = Annotated[str, msgspec.Meta(pattern=f"^[{MONTH_CODES}]*$")]
type Settlement = Literal["cash", "physical"]
type RuleName = Literal[
    "weekday_or_before",
    "last_weekday_or_before",
    "before_weekday",
    "before_day",
    "before_business_day",
    "before_delivery_day",
    "business_day",
    "last_business_day",
    "brent",
]
type WeekdayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """Which day of a contract's life is meant: a rule of `expiry_rules` and its numbers.

    `month` counts from the contract's month (-1: the month before). `at` is the time of that day, local to `zone`
    (None: to the exchange), None where it is not known. Contracts before `from_contract` ("2016-03") had another rule.
    """

    rule: RuleName
    n: int = 1
    days: int = 0
    day: int = 1
    weekday: WeekdayName = "friday"
    month: int = 0
    at: time | None = None
    zone: str | None = None
    from_contract: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A futures exchange: its time zone, and the session tables whose common days are its business days."""

    code: str
    name: str
    zone: str
    calendars: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedTick:
    """The smallest price move from a trading day on; `since` is None where it held from the start."""

    value: Decimal
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedMargin:
    """Initial and maintenance margin per contract in the product's currency, valid from `date`."""

    date: date
    initial: Decimal
    maintenance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureProduct:
    """What all contracts of a root have in common.

    `exchange` lists the contracts; `sessions` names the session table of their hours, None where none fits. Prices are
    in `unit`, `multiplier` is money per unit, `price_scale` the decimals of price columns. `months` and `serial_months`
    (listed only when near) are numbers, 1 to 12. Margins are defaults for contracts whose data comes with none, None
    where no source is at hand. `fact_sources` are the sources of single facts where they are not `source`.
    """

    root: str
    exchange: Exchange
    name: str
    unit: str
    currency: str
    ticks: tuple[DatedTick, ...]
    multiplier: Decimal
    price_scale: int
    quantity_step: Decimal
    months: tuple[int, ...]
    serial_months: tuple[int, ...]
    settlement: Settlement
    last_trade: DayRule
    first_notice: DayRule | None
    notice_after_last_trade: bool
    calendars: tuple[str, ...]
    sessions: str | None
    traded_since: date | None
    margin: DatedMargin | None
    margin_source: str
    source: str
    fact_sources: tuple[tuple[str, str], ...]
    note: str

    @property
    def tick(self) -> Decimal:
        """The smallest price move of today."""
        return self.ticks[-1].value

    def tick_on(self, day: date) -> Decimal:
        """The smallest price move on a trading day."""
        known = [tick.value for tick in self.ticks if tick.since is None or tick.since <= day]
        return known[-1] if known else self.ticks[0].value

    @property
    def initial_margin(self) -> Decimal | None:
        """The default initial margin per contract."""
        return None if self.margin is None else self.margin.initial

    @property
    def maintenance_margin(self) -> Decimal | None:
        """The default maintenance margin per contract."""
        return None if self.margin is None else self.margin.maintenance

    @property
    def margin_date(self) -> date | None:
        """From when on the default margins were valid."""
        return None if self.margin is None else self.margin.date

    def source_of(self, fact: str) -> str:
        """Where a fact comes from: its own source, else that of the product."""
        return dict(self.fact_sources).get(fact, self.source)


class _Product(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A product as the file has it."""

    root: str
    exchange: str
    name: str
    unit: str
    tick: Decimal | list[DatedTick]
    multiplier: Decimal
    price_scale: Annotated[int, msgspec.Meta(ge=0, le=12)]
    months: Letters
    settlement: Settlement
    last_trade: DayRule
    source: str
    currency: str = "USD"
    quantity_step: Decimal = Decimal(1)
    serial_months: Letters = ""
    first_notice: DayRule | None = None
    notice_after_last_trade: bool = False
    calendars: list[str] | None = None
    sessions: str | None = None
    traded_since: date | None = None
    margin: DatedMargin | None = None
    sources: dict[str, str] = {}
    note: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    sources: dict[str, str]
    exchange: list[Exchange]
    product: list[_Product]


def _months(letters: str) -> tuple[int, ...]:
    return tuple(sorted(MONTH_CODES.index(letter) + 1 for letter in letters))


def _product(row: _Product, exchange: Exchange, margin_source: str) -> FutureProduct:
    return FutureProduct(
        root=row.root,
        exchange=exchange,
        name=row.name,
        unit=row.unit,
        currency=row.currency,
        ticks=tuple(row.tick) if isinstance(row.tick, list) else (DatedTick(value=row.tick),),
        multiplier=row.multiplier,
        price_scale=row.price_scale,
        quantity_step=row.quantity_step,
        months=_months(row.months),
        serial_months=_months(row.serial_months),
        settlement=row.settlement,
        last_trade=row.last_trade,
        first_notice=row.first_notice,
        notice_after_last_trade=row.notice_after_last_trade,
        calendars=exchange.calendars if row.calendars is None else tuple(row.calendars),
        sessions=row.sessions,
        traded_since=row.traded_since,
        margin=row.margin,
        margin_source=margin_source,
        source=row.source,
        fact_sources=tuple(sorted(row.sources.items())),
        note=row.note,
    )


def _load() -> dict[str, FutureProduct]:
    content = (files("periscope.instruments") / "data" / "futures.toml").read_bytes()
    table = msgspec.toml.decode(content, type=_File)
    exchanges = {exchange.code: exchange for exchange in table.exchange}
    products = [_product(row, exchanges[row.exchange], table.sources["lean_margins"]) for row in table.product]
    assert len({product.root for product in products}) == len(products), "a root stands in the table twice"
    return {product.root: product for product in products}


PRODUCTS: dict[str, FutureProduct] = _load()
"""Product facts by root."""
