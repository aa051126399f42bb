"""Whether an order may be placed: every check in its documented order, each with its own code.

The rules are those of semantics 15, but for halts: no data tell of them, so a halted instrument just has no bars. What
is not there is refused by name, never ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from libs.shared_ipc.src.protocol import AssetType, OrderIntent, OrderType, PlaceOrderAction, TimeInForce
from periscope.execution.order import Rejection
from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.instruments.times import time_text
from periscope.instruments.unit import Unit
from periscope.portfolio.book import Book
from periscope.portfolio.exact import ZERO, is_multiple, step_nearest

_STOP_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_STOP_TIMES = frozenset({TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD, TimeInForce.GTX})
_LIMIT_TYPES = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_OPENING = {OrderIntent.BUY: 1, OrderIntent.SELL: -1}


class PriceRounding(StrEnum):
    """What happens to an order price off the tick (`core.price_rounding`)."""

    PASSIVE = "passive"
    REJECT = "reject"
    NEAREST = "nearest"
    FUTURES_NEAREST = "futures_nearest"


class Directory(Protocol):
    """Where instruments are looked up."""

    def get(self, symbol: str, asset_type: AssetType) -> Instrument | None:
        """The instrument, None if there is none."""

    def explain_unknown(self, symbol: str, asset_type: AssetType) -> str:
        """A sentence that helps whoever asked for an instrument that is not there."""


@dataclass(frozen=True, slots=True)
class Terms:
    """An order's terms after admission: what it will trade, at which rounded prices."""

    instrument: Instrument
    unit: Unit
    sign: int
    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None
    time_in_force: TimeInForce
    until: int | None
    closing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a run's orders are judged by.

    `good_till` answers until when a GTD order of an instrument lives (microseconds UTC), None if the run does not say,
    and `takes_past_dates` whether one may be placed after that; `unit` what its prices and quantities count in now.
    """

    directory: Directory
    book: Book
    currency: str
    rounding: PriceRounding
    good_till: Callable[[Instrument], int | None]
    takes_past_dates: bool
    unit: Callable[[Instrument], Unit]


def number_told(value: Decimal) -> str:
    """A number of an action as a refusal names it: one that is no number to trade with has come as NaN."""
    return f"{value:f}" if value.is_finite() else "no finite number of at most 28 digits"


def settle_terms(action: PlaceOrderAction, now: int, house: House) -> Terms | Rejection:
    """All checks but those on buying power. Returns the order's terms, or the first rule that it breaks."""
    found = _tradable(action, now, house.directory, house.currency)
    if isinstance(found, Rejection):
        return found
    held = house.book.positions.get(found.key)
    position = held.quantity if held is not None else ZERO
    time_in_force = action.time_in_force if action.time_in_force is not None else TimeInForce.GTC
    good_till = house.good_till(found) if time_in_force is TimeInForce.GTD else None
    unit = house.unit(found)
    refusal = (
        _check_quantity(action, found.symbol, unit, position)
        or _check_prices(action, found, unit, house.rounding)
        or _check_rounded(action, found, unit, _OPENING.get(action.intent), house.rounding)
        or _check_time_in_force(action.order_type, time_in_force, good_till, None if house.takes_past_dates else now)
    )
    if refusal is not None:
        return refusal
    side = _side(action, position)
    if isinstance(side, Rejection):
        return side
    refusal = _check_rounded(action, found, unit, side, house.rounding)
    if refusal is not None:
        return refusal
    limit, stop = _rounded_prices(action, found, unit, side, house.rounding)
    closing = action.intent not in _OPENING
    quantity = action.contract_quantity
    if closing:
        quantity = abs(position) if quantity is None else min(quantity, abs(position))
    assert quantity is not None
    ends = [moment for moment in (found.expires_at, good_till) if moment is not None]
    return Terms(found, unit, side, quantity, limit, stop, time_in_force, min(ends, default=None), closing)


def _tradable(action: PlaceOrderAction, now: int, directory: Directory, currency: str) -> Instrument | Rejection:
    found = directory.get(action.symbol, action.asset_type)
    if found is None:
        return Rejection("UNKNOWN_INSTRUMENT", directory.explain_unknown(action.symbol, action.asset_type))
    name = found.symbol
    if found.expires_at is not None and now >= found.expires_at:
        return Rejection("EXPIRED_INSTRUMENT", f"{name} has stopped trading")
    if found.asset_type not in TRADES_AS_EQUITY and not found.is_future:
        return Rejection("ASSET_TYPE_NOT_TRADABLE", f"{name} is an {found.asset_type}, which cannot be traded")
    if found.currency != currency:
        return Rejection("CURRENCY_MISMATCH", f"{name} is quoted in {found.currency}, the run is in {currency}")
    if found.listed_at is not None and now < found.listed_at:
        return Rejection("NOT_LISTED", f"{name} is not listed yet")
    return found


def _check_quantity(action: PlaceOrderAction, symbol: str, unit: Unit, position: Decimal) -> Rejection | None:
    quantity = action.contract_quantity
    if quantity is None:
        if action.intent in _OPENING:
            return Rejection("QUANTITY_MISSING", f"{action.intent} needs contract_quantity")
        return None
    if not quantity.is_finite() or quantity <= 0:
        text = (
            f"contract_quantity is {number_told(quantity)}; it must be a finite number above zero of at most 28 digits"
        )
        return Rejection("QUANTITY_NOT_POSITIVE", text)
    closes_all = action.intent not in _OPENING and quantity >= abs(position)
    if not closes_all and not is_multiple(quantity, unit.quantity_step):
        real = "" if unit.is_real else ", as a split has changed the share since the run's start"
        return Rejection(
            "QUANTITY_OFF_STEP",
            f"contract_quantity {quantity} is not a multiple of {symbol}'s step {unit.quantity_step}{real}",
        )
    return None


def _check_prices(
    action: PlaceOrderAction, instrument: Instrument, unit: Unit, rounding: PriceRounding
) -> Rejection | None:
    if action.limit_price is None and action.stop_price is None and action.order_type is OrderType.MARKET:
        return None
    wants = {
        "limit_price": (action.limit_price, action.order_type in _LIMIT_TYPES),
        "stop_price": (action.stop_price, action.order_type in _STOP_TYPES),
    }
    for name, (price, wanted) in wants.items():
        if wanted and price is None:
            return Rejection("PRICE_MISSING", f"a {action.order_type} order needs {name}")
    for name, (price, wanted) in wants.items():
        if not wanted and price is not None:
            return Rejection("PRICE_NOT_WANTED", f"a {action.order_type} order takes no {name}, found {price}")
    for name, (price, _) in wants.items():
        if price is not None and (not price.is_finite() or (price <= 0 and not instrument.is_future)):
            text = f"{name} is {number_told(price)}; it must be a finite number above zero of at most 28 digits"
            return Rejection("PRICE_NOT_POSITIVE", text)
    for name, (price, _) in wants.items():
        if price is not None and rounding is PriceRounding.REJECT and not unit.is_on_tick(price):
            return Rejection("PRICE_OFF_TICK", f"{name} {price} is off {instrument.symbol}'s tick {unit.price_step}")
    return None


def _check_time_in_force(
    order_type: OrderType, time_in_force: TimeInForce, good_till: int | None, now: int | None
) -> Rejection | None:
    if order_type in _STOP_TYPES and time_in_force not in _STOP_TIMES:
        return Rejection("TIME_IN_FORCE_NOT_ALLOWED", f"a {order_type} order cannot be {time_in_force}")
    if time_in_force is TimeInForce.GTD and good_till is None:
        return Rejection("GOOD_TILL_MISSING", "a GTD order lives until core.good_till, which this run does not set")
    if now is not None and good_till is not None and good_till <= now:
        return Rejection("GOOD_TILL_PAST", f"core.good_till, {time_text(good_till)}, is past")
    return None


def _side(action: PlaceOrderAction, position: Decimal) -> int | Rejection:
    """+1 for a buy, -1 for a sell; a close intent takes its side from the position."""
    opening = _OPENING.get(action.intent)
    if opening is not None:
        return opening
    match action.intent:
        case OrderIntent.BUY_TO_CLOSE if position < 0:
            return 1
        case OrderIntent.SELL_TO_CLOSE if position > 0:
            return -1
        case OrderIntent.CLOSE if position != 0:
            return -1 if position > 0 else 1
    kind = {OrderIntent.BUY_TO_CLOSE: "short ", OrderIntent.SELL_TO_CLOSE: "long "}.get(action.intent, "")
    return Rejection("NO_POSITION_TO_CLOSE", f"{action.intent} finds no {kind}position in {action.symbol}")


def _check_rounded(
    action: PlaceOrderAction, instrument: Instrument, unit: Unit, side: int | None, rounding: PriceRounding
) -> Rejection | None:
    """Whether rounding leaves nothing of a price. A close intent's side is known only once its position is."""
    if side is None or instrument.is_future or (action.limit_price is None and action.stop_price is None):
        return None
    if any(price is not None and price <= 0 for price in _rounded_prices(action, instrument, unit, side, rounding)):
        text = f"the price is below one tick ({unit.price_step}) of {instrument.symbol}"
        return Rejection("PRICE_NOT_POSITIVE", text)
    return None


def _rounded_prices(
    action: PlaceOrderAction, instrument: Instrument, unit: Unit, side: int, rounding: PriceRounding
) -> tuple[Decimal | None, Decimal | None]:
    """Limit and stop moved to the tick: away from the market, or to the nearest one."""
    limit, stop = action.limit_price, action.stop_price
    if rounding is PriceRounding.FUTURES_NEAREST and not instrument.is_future:
        return limit, stop
    if rounding in (PriceRounding.NEAREST, PriceRounding.FUTURES_NEAREST):
        near = [None if price is None else step_nearest(price, unit.tick) for price in (limit, stop)]
        return near[0], near[1]
    down, up = unit.tick_down, unit.tick_up
    for_limit, for_stop = (down, up) if side > 0 else (up, down)
    return (None if limit is None else for_limit(limit), None if stop is None else for_stop(stop))
