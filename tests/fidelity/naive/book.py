"""What a run of the second calculation keeps of a symbol and of an order: prices, position, fees and margins."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.fidelity.naive.data import Factors, Margins, Row, Sessions, day_of

MULTIPLIER, _CONTRACT_FEE = Decimal(50), Decimal("2.15")
"""Of one ES contract."""


@dataclass
class Security:
    """One symbol with its bars, and the prices that the engine keeps of it."""

    symbol: str
    kind: str
    resolution: str
    sessions: Sessions
    raw: bool
    expiry: date | None = None
    gone: bool = False
    margins: Margins | None = None
    factors: Factors | None = None
    quantity: Decimal = Decimal(0)
    average: Decimal = Decimal(0)
    price: Decimal | None = None
    trade: Row | None = None
    quote: Row | None = None
    last: Row | None = None

    @property
    def future(self) -> bool:
        return self.kind == "future"

    def update(self, row: Row) -> None:
        """Take a bar into the cache. Of a future, quotes go before trades of the same end."""
        self.last = row
        if row.trade is not None:
            self.trade = row
            if not self.future or self.quote is None or self.quote.end != row.end:
                self.price = row.trade[3]
        else:
            self.quote = row
            if self.future and row.bid is not None and row.ask is not None:
                self.price = (row.bid[3] + row.ask[3]) / 2

    def open_now(self, now: datetime, *, extended: bool) -> bool:
        """Whether it may fill now: in the session, or at the end of a bar that overlaps it."""
        if self.sessions.is_open(now, extended=extended):
            return True
        if self.last is None:
            return False
        if self.resolution == "daily":
            return day_of(self.last.end) == day_of(now)
        return self.last.end == now and self.sessions.overlaps(self.last, extended=extended)

    def fee(self, quantity: Decimal, value_price: Decimal) -> Decimal:
        if self.future:
            return _CONTRACT_FEE * abs(quantity)
        fee = abs(quantity) * Decimal("0.005")
        return Decimal(1) if fee < 1 else min(fee, abs(quantity) * value_price * Decimal("0.005"))

    def margin(self, quantity: Decimal, leverage: Decimal) -> tuple[Decimal, Decimal]:
        """Initial and maintenance margin of a position."""
        assert self.price is not None
        if self.future:
            assert self.margins is not None and self.last is not None
            initial, maintenance = self.margins.of(day_of(self.last.end))
            return initial * abs(quantity), maintenance * abs(quantity)
        amount = self.price * abs(quantity) / leverage
        return amount, amount

    def value(self) -> Decimal:
        """What it adds to the portfolio: an equity's worth, a future's open profit less the fee to close."""
        if not self.quantity or self.price is None:
            return Decimal(0)
        if not self.future:
            return self.quantity * self.price
        mark = self.price
        if self.quote is not None and self.quote.bid is not None and self.quote.ask is not None:
            mark = self.quote.bid[3] if self.quantity > 0 else self.quote.ask[3]
        return (mark - self.average) * MULTIPLIER * self.quantity - self.fee(self.quantity, mark)


@dataclass
class Order:
    """One order. `signed` is its quantity, negative for a sale."""

    number: int
    security: Security
    type: str
    signed: Decimal
    limit: Decimal | None
    stop: Decimal | None
    tif: str
    time: datetime
    given: dict[str, Any]
    status: str = "submitted"
    filled_at: datetime | None = None
    price: Decimal | None = None
    fee: Decimal | None = None
    armed: bool = False

    def __post_init__(self) -> None:
        """Keep its terms as it was placed: a split changes them."""
        prices = {name: getattr(self, name) for name in ("limit", "stop")}
        told = {name: None if price is None else str(price) for name, price in prices.items()}
        self.asked: dict[str, Any] = {"quantity": str(abs(self.signed)), **told}

    @property
    def sign(self) -> int:
        return 1 if self.signed > 0 else -1
