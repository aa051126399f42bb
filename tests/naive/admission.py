"""What is checked before an order is accepted, in the order of the rules."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from libs.shared_ipc.src.protocol import AssetType, OrderIntent, OrderType, TimeInForce
from periscope.engine.settings import PriceRounding, Settings
from periscope.execution.fee_schedules import BrokerFees
from periscope.instruments.instrument import Instrument
from tests.naive.book import Book
from tests.naive.corporate import on_tick, unit_step
from tests.naive.market import Market
from tests.naive.order import ONE_PRICE, Order
from tests.naive.sessions import session_from, sessions

KNOWN_ROOTS = ("ES", "GC")
"""Of the roots that occur in tests, those of which brokers' schedules know the fees."""
CLOSING = (OrderIntent.CLOSE, OrderIntent.BUY_TO_CLOSE, OrderIntent.SELL_TO_CLOSE)
WANTS_LIMIT = (OrderType.LIMIT, OrderType.STOP_LIMIT)
WANTS_STOP = (OrderType.STOP, OrderType.STOP_LIMIT)


def admit(order: Order, market: Market, book: Book, resting: Iterable[Order], settings: Settings) -> str | None:
    """Fill in what the order resolves to; the code of the first rule that refuses it, None if it is accepted."""
    action = order.action
    instrument = market.find(action.symbol, action.asset_type)
    if instrument is None:
        return "UNKNOWN_INSTRUMENT"
    order.known = instrument
    order.arrives_at = order.placed_at + settings.latency
    order.placed_in = market.means(instrument, settings, order.placed_at)
    resting = list(resting)
    held = book.quantity(instrument)
    order.closing = action.intent in CLOSING
    refused = (
        _instrument_refusal(instrument, order.placed_at, settings)
        or _quantity_refusal(order, held, unit_step(instrument, settings, order.placed_in))
        or _price_refusal(order, settings)
        or _time_in_force_refusal(order, _good_till(order, instrument, settings))
    )
    if refused is not None:
        return refused
    if order.closing:
        if held == 0 or action.intent is (OrderIntent.BUY_TO_CLOSE if held > 0 else OrderIntent.SELL_TO_CLOSE):
            return "NO_POSITION_TO_CLOSE"
        order.side = -1 if held > 0 else 1
        wanted = abs(held) if action.contract_quantity is None else Fraction(action.contract_quantity)
        order.quantity = min(wanted, abs(held))
    else:
        assert action.contract_quantity is not None
        order.side = 1 if action.intent is OrderIntent.BUY else -1
        order.quantity = Fraction(action.contract_quantity)
    order.limit, order.stop = _rounded(order)
    if any(price is not None and not instrument.is_future and price <= 0 for price in (order.limit, order.stop)):
        return "PRICE_NOT_POSITIVE"
    if isinstance(settings.fees, BrokerFees) and _fee_is_unknown(instrument, settings.fees.name):
        return "FEE_UNKNOWN"
    _set_lifetime(order, instrument, settings)
    if action.order_type is OrderType.MARKET:
        order.reference = book.last_price(instrument)
    return _capacity_refusal(order, instrument, book, resting, settings)


def _capacity_refusal(
    order: Order, instrument: Instrument, book: Book, resting: list[Order], settings: Settings
) -> str | None:
    """Whether the run and the account can bear one more order."""
    if len(resting) >= settings.limits.open_orders and not order.of_margin_call:
        return "TOO_MANY_OPEN_ORDERS"
    return None if order.closing else _buying_power_refusal(order, instrument, book, resting)


def _fee_is_unknown(instrument: Instrument, broker: str) -> bool:
    return instrument.is_future and (broker == "alpaca" or instrument.root not in KNOWN_ROOTS)


def _instrument_refusal(instrument: Instrument, now: int, settings: Settings) -> str | None:
    if instrument.expires_at is not None and now >= instrument.expires_at:
        return "EXPIRED_INSTRUMENT"
    if instrument.asset_type in (AssetType.INDEX, AssetType.OPTION):
        return "ASSET_TYPE_NOT_TRADABLE"
    if instrument.currency != settings.currency:
        return "CURRENCY_MISMATCH"
    if instrument.listed_at is not None and now < instrument.listed_at:
        return "NOT_LISTED"
    return None


def _quantity_refusal(order: Order, held: Fraction, step: Fraction) -> str | None:
    quantity = order.action.contract_quantity
    if quantity is None:
        return None if order.closing else "QUANTITY_MISSING"
    if not quantity.is_finite() or quantity <= 0:
        return "QUANTITY_NOT_POSITIVE"
    if Fraction(quantity) % step == 0:
        return None
    return None if order.closing and Fraction(quantity) >= abs(held) else "QUANTITY_OFF_STEP"


def _prices(order: Order) -> Iterator[tuple[Decimal | None, bool]]:
    kind = order.action.order_type
    yield order.action.limit_price, kind in WANTS_LIMIT
    yield order.action.stop_price, kind in WANTS_STOP


def _price_refusal(order: Order, settings: Settings) -> str | None:
    if any(price is None and wanted for price, wanted in _prices(order)):
        return "PRICE_MISSING"
    if any(price is not None and not wanted for price, wanted in _prices(order)):
        return "PRICE_NOT_WANTED"
    given = [price for price, _ in _prices(order) if price is not None]
    if any(not price.is_finite() or (price <= 0 and not order.instrument.is_future) for price in given):
        return "PRICE_NOT_POSITIVE"
    off = [price for price in given if _snapped(order, Fraction(price), up=False) != price]
    if settings.price_rounding is PriceRounding.REJECT and off:
        return "PRICE_OFF_TICK"
    return _rounded_to_nothing(order)


def _rounded_to_nothing(order: Order) -> str | None:
    """A price that rounding takes to zero, where the side is already known."""
    if order.closing or order.instrument.is_future:
        return None
    order.side = 1 if order.action.intent is OrderIntent.BUY else -1
    rounded = [price for price in _rounded(order) if price is not None]
    return "PRICE_NOT_POSITIVE" if any(price <= 0 for price in rounded) else None


def _time_in_force_refusal(order: Order, good_till: int | None) -> str | None:
    if order.action.order_type in WANTS_STOP and order.time_in_force in ONE_PRICE:
        return "TIME_IN_FORCE_NOT_ALLOWED"
    if order.time_in_force is not TimeInForce.GTD:
        return None
    if good_till is None:
        return "GOOD_TILL_MISSING"
    return "GOOD_TILL_PAST" if good_till <= order.placed_at else None


def _good_till(order: Order, instrument: Instrument, settings: Settings) -> int | None:
    """When a GTD order ends: at a moment, or at the last close up to a day; of several ends its own, or the last."""
    given = settings.good_till
    if isinstance(given, tuple):
        given = given[order.dated] if order.dated < len(given) else given[-1]
    if not isinstance(given, date):
        return given
    known = sessions(instrument.exchange, settings.extended_hours)
    return max(session.close for session in known if session.day <= given)


def _rounded(order: Order) -> tuple[Fraction | None, Fraction | None]:
    """Limit and stop on the tick, moved away from the market: a buy's limit down and its stop up."""
    buys = order.side > 0
    limit, stop = order.action.limit_price, order.action.stop_price
    return (
        None if limit is None else _snapped(order, Fraction(limit), up=not buys),
        None if stop is None else _snapped(order, Fraction(stop), up=buys),
    )


def _snapped(order: Order, price: Fraction, *, up: bool) -> Fraction:
    return on_tick(price, order.instrument, order.placed_in, up=up)


def _set_lifetime(order: Order, instrument: Instrument, settings: Settings) -> None:
    exchange, came = instrument.exchange, order.arrives_at
    ends = [] if instrument.expires_at is None else [instrument.expires_at]
    if order.time_in_force is TimeInForce.DAY:
        ends.append(session_from(exchange, settings.extended_hours, came).close)
    if order.time_in_force is TimeInForce.GTD:
        ends += [good_till for good_till in [_good_till(order, instrument, settings)] if good_till is not None]
    if order.time_in_force in (TimeInForce.ATC, TimeInForce.GTX):
        order.auctions = session_from(exchange, False, came)
    if order.time_in_force is TimeInForce.OPG:
        order.auctions = next(session for session in sessions(exchange, False) if session.open >= came)
    if order.auctions is not None:
        ends.append(order.auctions.close)
    order.until = min(ends, default=None)


def _buying_power_refusal(order: Order, instrument: Instrument, book: Book, resting: list[Order]) -> str | None:
    if instrument.is_future and instrument.initial_margin is None and not instrument.margins:
        return "MARGIN_UNKNOWN"
    if not book.lends and not instrument.is_future and order.side < 0:
        promised = sum(
            (
                other.remaining
                for other in resting
                if other.side < 0 and not other.closing and other.instrument.key == instrument.key
            ),
            Fraction(0),
        )
        if book.quantity(instrument) - promised - order.quantity < 0:
            return "SHORT_NOT_ALLOWED"
    need = book.reserve(instrument, [*resting, order]) - book.reserve(instrument, resting)
    return "OUT_OF_CASH" if need > 0 and need > book.free(resting) else None
