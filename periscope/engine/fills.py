"""What a meeting of an order with a bar comes to: how much fills, at what price, and what follows from it."""

from decimal import Decimal

import msgspec

from libs.shared_ipc.src.protocol import TimeInForce
from periscope.engine.judging import is_step, judge
from periscope.engine.pieces import Taken
from periscope.engine.records import Filled
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Phase
from periscope.execution.accounts.model import only_reduces
from periscope.execution.costs import Marked, fee_of_fill, slipped
from periscope.execution.meeting import Meeting, Met, Rule, When
from periscope.execution.order import Happening, Order, Rejection, next_state
from periscope.execution.slippage import Offer
from periscope.portfolio.book import Change, InstrumentKey, Position, trade
from periscope.portfolio.exact import ZERO

_LARGEST_POSITION = Decimal(10) ** 12
"""Far above this the equity curve, which counts whole millionths in 64 bits, would run out of digits."""


class Moment:
    """The fills inside the bars that end at one instant, of which nobody knows the order in time.

    Where a stop has reduced a position, a limit order on the same side that is larger than what is left of it is not
    filled in this bar: of a target and a stop, the stop is taken (`core.intrabar`: pessimistic). The closing auction is
    certain to come after both.
    """

    def __init__(self, before: dict[InstrumentKey, Position]) -> None:
        self._before = before
        self._stopped: set[tuple[InstrumentKey, int]] = set()

    def note_stop(self, order: Order) -> None:
        """A stop order has filled."""
        self._stopped.add((order.instrument.key, order.sign))

    def forbids(self, state: Simulation, order: Order, meeting: Meeting) -> bool:
        """Whether `order` must wait because a stop has taken its place."""
        key = order.instrument.key
        if order.is_stop or order.closing or (key, order.sign) not in self._stopped:
            return False
        if meeting.when is When.ON_CLOSE:
            return False
        before = self._before.get(key)
        if before is None or (before.quantity > 0) == (order.sign > 0):
            return False
        held = state.book.positions.get(key)
        left = -held.quantity * order.sign if held is not None else ZERO
        return meeting.rule is not Rule.TRIGGER and order.remaining > left


def meet(state: Simulation, order: Order, meeting: Meeting, moment: Moment | None = None) -> None:
    """Let `order` meet the bar: fill it, as far as volume and account allow, or change it as the rule says."""
    if meeting.rule is Rule.TRIGGER:
        row = meeting.row if meeting.at_open else meeting.row + 1
        state.put(msgspec.structs.replace(order, triggered=True, first_row=row))
        return
    if meeting.rule is Rule.NOT_IMMEDIATE:
        state.end_order(order, _left_over(order), _news(state, meeting))
        return
    cut = _cut_to_position(state, order)
    cap = _volume_cap(state, order, meeting)
    quantity = cut.remaining if cap is None else min(cut.remaining, cap)
    if order.time_in_force is TimeInForce.FOK and quantity < cut.remaining:
        state.end_order(order, Happening.CANCELLED, _news(state, meeting))
        return
    if quantity > 0:
        filled = _fill(state, cut, meeting, quantity, cap)
        if filled is None:
            return
        if moment is not None and order.is_stop:
            moment.note_stop(order)
    else:
        filled = order
    _go_on(state, order, filled, meeting)
    if quantity > 0:
        state.cancel_stranded(order.instrument.key)
        if moment is None and state.account.judges_resting_orders and is_step(state):
            judge(state, phase=_news(state, meeting))


def _news(state: Simulation, meeting: Meeting) -> Phase:
    """When the strategy hears of it: after the first updates of the present actions, where they fill in turn."""
    return Phase.CONSEQUENCE if state.model.in_turn and meeting.when is When.AT_ONCE else Phase.MOMENT


def _go_on(state: Simulation, order: Order, filled: Order, meeting: Meeting) -> None:
    """What becomes of the order after a bar has given it all that it could."""
    if filled.remaining == 0:
        return
    if order.decides_at_once or order.is_auction_only:
        state.end_order(filled, _left_over(order), _news(state, meeting))
        return
    first_row = order.first_row if meeting.when is When.AT_ONCE else meeting.row + 1
    triggered = order.triggered or order.is_stop
    state.put(msgspec.structs.replace(filled, first_row=first_row, triggered=triggered))


def _left_over(order: Order) -> Happening:
    """How an order ends that one price decides, where that price does not fill all of it."""
    return Happening.EXPIRED if order.is_auction_only else Happening.CANCELLED


def _cut_to_position(state: Simulation, order: Order) -> Order:
    """A close order as it may trade now: never more than the position that it closes."""
    if not order.closing:
        return order
    held = state.book.positions.get(order.instrument.key)
    assert held is not None and (held.quantity > 0) != (order.sign > 0), "a stranded close order is still resting"
    if order.remaining <= abs(held.quantity):
        return order
    return msgspec.structs.replace(order, quantity=order.filled + abs(held.quantity))


def _volume_cap(state: Simulation, order: Order, meeting: Meeting) -> Decimal | None:
    """Units that participation leaves to this order on this bar, None where nothing caps it."""
    share = state.settings.participation
    volume = None if share is None else state.markets.volume_met(order, meeting, state.now)
    if share is None or volume is None:
        return None
    instrument = order.instrument
    allowed = state.unit(instrument).step_down(share * volume)
    return max(ZERO, allowed - _taken(state, instrument.key, meeting.row))


def _taken(state: Simulation, key: InstrumentKey, row: int) -> Decimal:
    """Units that this run has already traded on a bar."""
    return next((taken.quantity for taken in state.taken.get(key, ()) if taken.row == row), ZERO)


def _take(state: Simulation, key: InstrumentKey, row: int, quantity: Decimal) -> None:
    """Note units traded on a bar. A bar's close and the next bar's open fall on one instant, so two bars are kept."""
    taken = Taken(row, _taken(state, key, row) + quantity)
    others = [other for other in state.taken.get(key, ()) if abs(other.row - row) == 1]
    state.taken[key] = (*others, taken)


def _fill(state: Simulation, order: Order, meeting: Meeting, quantity: Decimal, cap: Decimal | None) -> Order | None:
    """Book a fill. Returns the order after it, None where the account could not bear it."""
    instrument, key = order.instrument, order.instrument.key
    base = meeting.price
    unit = state.unit(instrument)
    taken, volume = ZERO, None
    if state.settings.slippage.asks_for_volume:
        taken = _taken(state, key, meeting.row) + quantity
        volume = state.markets.volume_met(order, meeting, state.now)
    price = slipped(order, Offer(base, unit.price_step, taken, volume), unit, state.settings.slippage)
    marks = Marked(unit, state.last_price(instrument))
    fee = fee_of_fill(order, quantity, price, state.now, state.settings.fees, marks)
    held = state.book.positions.get(key)
    change = trade(held, instrument, order.sign * quantity, price, fee)
    breach = _breach(state, order, held, change, base)
    if breach is not None:
        state.end_order(order, Happening.BREACHED, _news(state, meeting), breach)
        return None

    margin = state.account.deposit(change.position, state)
    entry = state.book.apply(state.now, f"fill of order {order.sequence}", instrument, change, margin)
    if state.settings.slippage.asks_for_volume or state.settings.participation is not None:
        _take(state, key, meeting.row, quantity)
    if instrument.expires_at is not None:
        state.watched[key] = instrument
    done = order.filled + quantity == order.quantity
    filled = msgspec.structs.replace(
        order,
        state=next_state(order.state, Happening.FILLED if done else Happening.PARTLY_FILLED),
        filled=order.filled + quantity,
        net_money=order.net_money - order.sign * quantity * price * instrument.multiplier - fee,
        fees=order.fees + fee,
        charged_units=order.charged_units + unit.real_quantity(quantity),
        charged_value=order.charged_value + quantity * price * instrument.multiplier,
    )
    _record(state, filled, meeting, quantity, price, base, change, cap)
    state.booked(entry, instrument, meeting.price if meeting.at_open else None, None)
    if done:
        state.drop(order)
    state.announce(filled, _news(state, meeting))
    return filled


def _record(
    state: Simulation,
    order: Order,
    meeting: Meeting,
    quantity: Decimal,
    price: Decimal,
    base: Decimal,
    change: Change,
    cap: Decimal | None,
) -> None:
    instrument = order.instrument
    start, end, met = _bar_met(state, order, meeting)
    position = change.position.quantity if change.position is not None else ZERO
    state.records.append(
        Filled(
            time=state.now,
            order=order,
            quantity=quantity,
            price=price,
            price_before_slippage=base,
            fee=change.fee,
            realised=change.realised,
            position_after=position,
            bar_start=start,
            bar_end=end,
            span=state.markets.execution_spans[instrument.key],
            met=met,
            when=meeting.when,
            rule=meeting.rule,
            volume_cap=cap,
            cash_after=state.book.cash,
        )
    )


def _bar_met(state: Simulation, order: Order, meeting: Meeting) -> tuple[int, int | None, Met]:
    """Start and end of what the order met, and what that was; of a model's own quotes only the start is known."""
    if meeting.began is not None:
        return meeting.began, None, Met.ASKS if order.sign > 0 else Met.BIDS
    market = state.markets.market(order.instrument)
    stream = market.side(order.sign)
    assert stream is not None
    index = meeting.row - stream.first
    return int(stream.start[index]), int(stream.end[index]), market.met(order.sign)


def _breach(state: Simulation, order: Order, held: Position | None, change: Change, base: Decimal) -> Rejection | None:
    """Whether the account could not bear the fill."""
    after = change.position
    if after is not None and abs(after.cost) > _LARGEST_POSITION and not only_reduces(held, change):
        text = f"the position in {order.symbol} would be worth more than {_LARGEST_POSITION:,f} at its fill"
        return Rejection("ORDER_TOO_LARGE", text)
    return state.account.check_fill(order, held, change, base, state.book, state)
