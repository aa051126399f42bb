"""Round trips: which fill closed which, first in first out.

A fill against the open position closes the oldest lots first; what is left of it opens a lot of its own. Every part of
a lot that is closed by one fill is one `Trade`, so a position built in two steps and closed in one is two trades.
Fees are split pro rata to quantity, rounded down to a millionth, and the last part of a fill takes what remains, so
that the parts always add up to the fee.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from typing import Protocol

from libs.shared_ipc.src.protocol import AssetType, Direction
from periscope.portfolio.exact import EXACT, ZERO

_SPLIT = Context(prec=60, rounding=ROUND_DOWN)
_FEE_GRAIN = Decimal("0.000001")


class FillLike(Protocol):
    """What a round trip needs to know of a fill.

    `side_sign` is +1 for a buy and -1 for a sell, `quantity` is positive, `price` is per unit, `fee` is money for the
    whole fill, `multiplier` is money per price unit and unit of quantity, `filled_at` is microseconds since
    1970-01-01 UTC.
    """

    @property
    def symbol(self) -> str: ...
    @property
    def asset_type(self) -> AssetType: ...
    @property
    def side_sign(self) -> int: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def fee(self) -> Decimal: ...
    @property
    def multiplier(self) -> Decimal: ...
    @property
    def filled_at(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One lot, or a part of one, from its opening fill to the fill that closed it.

    Times are microseconds since 1970-01-01 UTC, prices per unit, the rest money: `net_pnl` is `gross_pnl` less `fees`,
    which are this part's share of both fills' fees.
    """

    symbol: str
    asset_type: AssetType
    direction: Direction
    quantity: Decimal
    entry_time: int
    exit_time: int
    entry_price: Decimal
    exit_price: Decimal
    gross_pnl: Decimal
    fees: Decimal
    net_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """What is still open of one fill: `fees` is the share of the fill's fee that no trade has taken yet."""

    symbol: str
    asset_type: AssetType
    direction: Direction
    quantity: Decimal
    entry_time: int
    entry_price: Decimal
    fees: Decimal


class _Restated:
    """A fill in the shares of after a split: what is left of it, with its part of the fee."""

    __slots__ = ("asset_type", "fee", "filled_at", "multiplier", "price", "quantity", "side_sign", "symbol")

    def __init__(self, fill: FillLike, quantity: Decimal, price: Decimal, fee: Decimal) -> None:
        self.symbol = fill.symbol
        self.asset_type = fill.asset_type
        self.side_sign = fill.side_sign
        self.quantity = quantity
        self.price = price
        self.fee = fee
        self.multiplier = fill.multiplier
        self.filled_at = fill.filled_at


class _Part:
    """A fill with what is left of its quantity and its fee."""

    __slots__ = ("_fee_taken", "fill", "quantity")

    def __init__(self, fill: FillLike) -> None:
        self.fill = fill
        self.quantity = fill.quantity
        self._fee_taken = ZERO

    @property
    def fee(self) -> Decimal:
        """The share of the fee that is not taken yet."""
        return EXACT.subtract(self.fill.fee, self._fee_taken)

    def take(self, quantity: Decimal) -> Decimal:
        """Take `quantity` off and return its share of the fee."""
        assert ZERO < quantity <= self.quantity, "a lot cannot give more than it holds"
        self.quantity = EXACT.subtract(self.quantity, quantity)
        taken_before = self._fee_taken
        if self.quantity == ZERO:
            self._fee_taken = self.fill.fee
        else:
            done = EXACT.subtract(self.fill.quantity, self.quantity)
            share = _SPLIT.divide(_SPLIT.multiply(self.fill.fee, done), self.fill.quantity)
            self._fee_taken = _SPLIT.quantize(share, _FEE_GRAIN)
        return EXACT.subtract(self._fee_taken, taken_before)


class RoundTrips:
    """Pairs fills into trades as they come, in the order in which they happened.

    Memory is bounded by the open lots: closed trades are handed out and forgotten.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, AssetType], deque[_Part]] = {}

    def add(self, fill: FillLike) -> list[Trade]:
        """Take one fill and return the trades that it closed, oldest lot first; empty where it closed none.

        Raises ValueError for a quantity that is not positive or a side that is neither +1 nor -1.
        """
        if fill.side_sign not in (1, -1):
            raise ValueError(f"side_sign must be +1 (buy) or -1 (sell), not {fill.side_sign}")
        if not fill.quantity > ZERO:
            raise ValueError(f"a fill of {fill.symbol} needs a positive quantity, not {fill.quantity}")
        lots = self._open.setdefault((fill.symbol, fill.asset_type), deque())
        part = _Part(fill)
        trades: list[Trade] = []
        while lots and lots[0].fill.side_sign != fill.side_sign and part.quantity > ZERO:
            trades.append(_close(lots[0], part))
            if lots[0].quantity == ZERO:
                lots.popleft()
        if part.quantity > ZERO:
            lots.append(part)
        return trades

    def split(self, key: tuple[str, AssetType], ratio: Fraction, total: Decimal) -> None:
        """Restate the open lots of an instrument in new shares, `ratio` for each old one.

        `total` is the position after it (signed): quantities are rounded to its twelve decimals, and the last lot takes
        what remains. Prices are rounded half-even to ten decimals.
        """
        left = abs(total)
        parts = list(self._open.get(key, ()))
        restated: deque[_Part] = deque()
        for part in parts:
            quantity = left if part is parts[-1] else min(left, _rounded(Fraction(part.quantity) * ratio, 12))
            left -= quantity
            if quantity > ZERO:
                fill = part.fill
                price = _rounded(Fraction(fill.price) / ratio, 10)
                restated.append(_Part(_Restated(fill, quantity, price, part.fee)))
        self._open[key] = restated

    def open_lots(self) -> list[OpenLot]:
        """What is open now, by symbol in order of first fill, oldest lot first."""
        return [_open_lot(part) for lots in self._open.values() for part in lots]


def round_trips(fills: Iterable[FillLike]) -> list[Trade]:
    """All trades that `fills`, in the order in which they happened, have closed."""
    book = RoundTrips()
    return [trade for fill in fills for trade in book.add(fill)]


def _close(lot: _Part, closing: _Part) -> Trade:
    """Match the oldest lot with the closing fill for as much as both still have."""
    entry, exit_ = lot.fill, closing.fill
    quantity = min(lot.quantity, closing.quantity)
    fees = EXACT.add(lot.take(quantity), closing.take(quantity))
    move = EXACT.multiply(EXACT.subtract(exit_.price, entry.price), Decimal(entry.side_sign))
    gross = EXACT.multiply(EXACT.multiply(move, quantity), entry.multiplier)
    return Trade(
        symbol=entry.symbol,
        asset_type=entry.asset_type,
        direction=_direction(entry),
        quantity=quantity,
        entry_time=entry.filled_at,
        exit_time=exit_.filled_at,
        entry_price=entry.price,
        exit_price=exit_.price,
        gross_pnl=gross,
        fees=fees,
        net_pnl=EXACT.subtract(gross, fees),
    )


def _open_lot(part: _Part) -> OpenLot:
    fill = part.fill
    return OpenLot(
        symbol=fill.symbol,
        asset_type=fill.asset_type,
        direction=_direction(fill),
        quantity=part.quantity,
        entry_time=fill.filled_at,
        entry_price=fill.price,
        fees=part.fee,
    )


def _rounded(value: Fraction, places: int) -> Decimal:
    return Decimal(round(value * 10**places)).scaleb(-places, _SPLIT)


def _direction(fill: FillLike) -> Direction:
    return Direction.LONG if fill.side_sign == 1 else Direction.SHORT
