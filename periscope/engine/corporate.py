"""Splits and dividends on what a run holds and has ordered.

A change takes effect as its ex-date begins, before anything else of that instant. First the dividend is paid on the
real shares held until then, by those who are short too. Then, where prices are as traded, a split changes the position
and the resting orders: prices to the tick away from the market (by LEAN's rules to the nearest), quantities down to the
step. What is below the step of a position is paid out at the first price after, before any order meets that price. The
strategy gets no event: its next one shows the position as it is now.
"""

from decimal import Decimal
from fractions import Fraction
from functools import partial
from heapq import heappop, heappush

import msgspec

from periscope.engine.pieces import Following
from periscope.engine.records import DividendPaid, Settled, SharesSplit
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Key, Phase, Rank
from periscope.execution.admission import PriceRounding
from periscope.execution.order import Happening, Order
from periscope.instruments.instrument import Instrument
from periscope.instruments.unit import Unit, rounded
from periscope.market.adjustment import Change
from periscope.portfolio.book import Position, trade
from periscope.portfolio.exact import ZERO

QUANTITY_PLACES = 12
"""Decimals of a position that a split leaves with a fraction."""


def next_corporate_key(state: Simulation) -> Key | None:
    """Key of the next change, or of the next payment for a fraction; None if none is ahead."""
    best: Key | None = None
    if state.following:
        best = (state.following[0].time, Rank.CORPORATE, 0, 0, 0)
    if state.fractions:
        key = (min(state.fractions.values()), Rank.OPENS, 0, 0, 0)
        if best is None or key < best:
            best = key
    return best


def take_effect(state: Simulation) -> bool:
    """Let the next change happen; returns whether it changed a position."""
    following = state.following[0]
    instrument, number = following.instrument, following.number
    changes = state.markets.adjusted(instrument).changes
    change = changes[number]
    heappop(state.following)
    if number + 1 < len(changes):
        heappush(state.following, Following.of(instrument, changes, number + 1))
    held = state.book.positions.get(instrument.key)
    if held is not None and change.dividend != 0:
        _pay_dividend(state, held, change)
    if change.ratio == 1:
        return False
    if held is not None:
        _split_position(state, held, change)
    resting = [order for order in state.orders.values() if order.instrument.key == instrument.key]
    state.forget_meetings({order.sequence for order in resting})
    for order in resting:
        _split_order(state, order, change)
    state.cancel_stranded(instrument.key)
    return held is not None


def _pay_dividend(state: Simulation, held: Position, change: Change) -> None:
    instrument = held.instrument
    shares = state.markets.unit(instrument, change.time - 1).real_quantity(held.quantity)
    entry = state.book.dividend(state.now, instrument, shares, change.dividend)
    state.records.append(DividendPaid(state.now, instrument, shares, change.dividend))
    state.booked(entry, None, None, None, sampled=False)


def _split_position(state: Simulation, held: Position, change: Change) -> None:
    instrument, key = held.instrument, held.instrument.key
    quantity = rounded(Fraction(held.quantity) * change.ratio, QUANTITY_PLACES)
    reason = f"split of {instrument.symbol}, {change.ratio.numerator} for {change.ratio.denominator}"
    entry = state.book.resize(state.now, instrument, quantity, reason)
    state.records.append(SharesSplit(state.now, instrument, change.ratio, quantity))
    state.booked(entry, instrument, None, None, sampled=False)
    if _fraction(state, instrument) == 0:
        return
    if change.at_once:
        _pay_out(state, instrument, state.last_price(instrument))
        return
    series = state.markets.execution(instrument)
    row = None if series is None else series.row_from(state.now)
    if series is not None and row is not None and series.reach_row(row):
        state.fractions[key] = int(series.start[row - series.first])


def pay_fraction(state: Simulation) -> bool:
    """Pay for one position's fraction at the open of its first bar after the split; whether there was still one."""
    key = min((time, key) for key, time in state.fractions.items())[1]
    time = state.fractions.pop(key)
    held = state.book.positions.get(key)
    if held is None or _fraction(state, held.instrument) == 0:
        return False
    series = state.markets.execution(held.instrument)
    assert series is not None, "the fraction waits for one of its bars"
    row = series.row_from(time)
    _pay_out(state, held.instrument, series.scaling(row).price(int(series.open[row - series.first])))
    return True


def _pay_out(state: Simulation, instrument: Instrument, price: Decimal | None) -> None:
    held = state.book.positions[instrument.key]
    at = held.average_price if price is None else price
    quantity = _fraction(state, instrument)
    change = trade(held, instrument, -quantity, at, ZERO)
    entry = state.book.apply(state.now, f"cash for a fraction of {instrument.symbol}", instrument, change)
    state.records.append(Settled(state.now, instrument, -quantity, at, change.realised))
    state.booked(entry, instrument, price, None)
    state.cancel_stranded(instrument.key)


def _fraction(state: Simulation, instrument: Instrument) -> Decimal:
    """What of a position is below its step, signed."""
    held = state.book.positions[instrument.key].quantity
    whole = state.markets.unit(instrument, state.now).step_down(abs(held))
    return (abs(held) - whole).copy_sign(held)


def _split_order(state: Simulation, order: Order, change: Change) -> None:
    """A resting order in the new shares. What has been filled was real shares of its day and stays as it is."""
    unit = state.markets.unit(order.instrument, state.now)
    remaining = unit.step_down(rounded(Fraction(order.remaining) * change.ratio, QUANTITY_PLACES))
    limit, stop = (None if price is None else Fraction(price) / change.ratio for price in (order.limit, order.stop))
    buy = order.sign > 0
    down, up = unit.floor_tick, unit.ceiling_tick
    if state.settings.price_rounding is PriceRounding.NEAREST:
        down = up = partial(_nearest_tick, unit)
    new_limit = None if limit is None else (down(limit) if buy else up(limit))
    new_stop = None if stop is None else (up(stop) if buy else down(stop))
    if remaining == 0 or (new_limit is not None and new_limit <= 0) or (new_stop is not None and new_stop <= 0):
        state.end_order(order, Happening.CANCELLED, Phase.CONSEQUENCE)
        return
    series = state.markets.market(order.instrument).side(order.sign)
    state.put(
        msgspec.structs.replace(
            order,
            quantity=order.filled + remaining,
            limit=new_limit,
            stop=new_stop,
            reference=new_limit or new_stop or rounded(Fraction(order.reference) / change.ratio, QUANTITY_PLACES),
            first_row=order.first_row if series is None else max(order.first_row, series.row_from(state.now)),
        )
    )


def _nearest_tick(unit: Unit, price: Fraction) -> Decimal:
    """A price of real shares at the nearest tick, of two the even one."""
    ticks: int = round(price / Fraction(unit.tick))
    return ticks * unit.tick


def follow(state: Simulation, instrument: Instrument) -> None:
    """Let the changes of an instrument that a run trades take effect from now on."""
    if instrument.key in state.followed:
        return
    state.followed = state.followed | {instrument.key}
    changes = state.markets.adjusted(instrument).changes
    number = next((number for number, change in enumerate(changes) if change.time > state.now), None)
    if number is not None:
        heappush(state.following, Following.of(instrument, changes, number))
