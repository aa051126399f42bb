"""What happens next, and making it happen: one step moves a run from one happening to the following one."""

from heapq import heappop

import msgspec

from periscope.engine.accounting import account, next_accounting
from periscope.engine.cancellations import cancel_arrived
from periscope.engine.corporate import next_corporate_key, pay_fraction, take_effect
from periscope.engine.fills import Moment, meet
from periscope.engine.judging import judge, next_judgement
from periscope.engine.port import Item
from periscope.engine.records import Delivered, Settled
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Key, Phase, Rank
from periscope.execution.order import Happening
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import trade
from periscope.portfolio.exact import ZERO

_CANCELLATION = (Rank.UPDATES, Phase.CONSEQUENCE, -1, 0)
"""Cancellations that arrive, before all that is caused now is told."""


def next_key(state: Simulation) -> Key | None:
    """Key of what happens next if the strategy does nothing, None if that is nothing."""
    due = state.due
    while due and state.orders.get(due[0][4]) is not due[0][6]:
        heappop(due)
    keys: list[Key] = []
    if state.pending:
        phase, serial = state.pending[0][:2]
        keys.append((state.now, Rank.UPDATES, phase, 0, serial))
    if due:
        keys.append(due[0][:5])
    if state.cancels:
        keys.append((state.cancels[0].arrives_at, *_CANCELLATION))
    if state.timer is not None:
        keys.append((state.timer.fires_at, Rank.TIMER, 0, 0, 0))
    if state.watched:
        expires_at = _next_expiring(state).expires_at
        assert expires_at is not None
        keys.append((expires_at, Rank.EXPIRATIONS, 0, 0, 0))
    keys += [key for key in (next_corporate_key(state), next_judgement(state)) if key is not None]
    soonest = min(keys, default=None)
    if not state.book.positions and state.interest_at is None:
        return soonest
    until = state.horizon
    if soonest is not None:
        until = min(until, soonest[0] if soonest[1] > Rank.ACCOUNTING else soonest[0] - 1)
    accounting = next_accounting(state, until)
    return accounting if soonest is None or (accounting is not None and accounting < soonest) else soonest


def step(state: Simulation, key: Key) -> Item | None:
    """Make the happening with `key` true. Returns the event or position change that it gives, if it gives one."""
    state.now = key[0]
    rank, phase = key[1], key[2]
    if rank == Rank.ACCOUNTING:
        account(state, key)
        return None
    if rank >= Rank.TIMER:
        state.accounted = state.now
    if rank == Rank.TIMER:
        return _fire_timer(state)
    if rank == Rank.EXPIRATIONS:
        return _expire_instrument(state)
    if rank == Rank.CORPORATE or (rank == Rank.OPENS and key[4] == 0):
        changed = take_effect(state) if rank == Rank.CORPORATE else pay_fraction(state)
        return _item(state, "P", ()) if changed else None
    if key[1:] == _CANCELLATION:
        cancel_arrived(state)
    elif rank == Rank.OPENS or phase == Phase.AT_CLOSE:
        order, meeting = heappop(state.due)[6:]
        assert meeting is not None
        meet(state, order, meeting)
    elif phase == Phase.EXPIRY:
        state.end_order(heappop(state.due)[6], Happening.EXPIRED, Phase.MOMENT)
    elif phase == Phase.MOMENT and not state.pending:
        _book_moment(state)
    return _tell(state)


def _book_moment(state: Simulation) -> None:
    """Book all fills inside the bars that end now, before the first of their updates is told.

    An account that judges resting orders does so at each one's turn, and once more when all have had it.
    """
    moment = Moment(state.book.positions.copy())
    judges, turn = state.account.judges_resting_orders, 0
    while state.due and state.due[0][:3] == (state.now, Rank.UPDATES, Phase.MOMENT):
        order, meeting = heappop(state.due)[6:]
        if judges and order.sequence > turn:
            judge(state, turn, order.sequence)
            turn = order.sequence
        if state.orders.get(order.sequence) is not order:
            continue
        assert meeting is not None
        if state.model.stops_first and moment.forbids(state, order, meeting):
            state.put(msgspec.structs.replace(order, first_row=meeting.row + 1))
        else:
            meet(state, order, meeting, moment)
    if turn:
        judge(state, turn)
    if judges:
        judge(state)


def _tell(state: Simulation) -> Item | None:
    if not state.pending:
        return None
    update = heappop(state.pending)
    payload = (
        update.order_id,
        update.symbol,
        update.asset_type,
        update.state,
        update.filled,
        update.net_money,
        state.now,
    )
    return _item(state, "U", payload)


def _item(state: Simulation, kind: str, payload: tuple[object, ...]) -> Item:
    changes = tuple(state.changes.values())
    state.changes = {}
    if kind != "P":
        state.records.append(Delivered(state.row, state.now, kind, payload))
        time, count = state.instant
        state.instant = (state.now, count + 1 if time == state.now else 1)
    return (state.row, kind, state.now, changes, payload)


def _fire_timer(state: Simulation) -> Item:
    assert state.timer is not None
    state.timer = msgspec.structs.replace(state.timer, count=state.timer.count + 1)
    return _item(state, "T", ("time_step",))


def _next_expiring(state: Simulation) -> Instrument:
    return min(state.watched.values(), key=_expiry)


def _expire_instrument(state: Simulation) -> Item | None:
    instrument = _next_expiring(state)
    del state.watched[instrument.key]
    moved = _settle(state, instrument)
    ended = [key for key, live in state.registrations.items() if live.instrument.key == instrument.key]
    if ended:
        numbers = tuple(state.end_stream(key) for key in ended)
        return _item(state, "X", (ended[0][0], ended[0][1], numbers))
    return _item(state, "P", ()) if moved else None


def _settle(state: Simulation, instrument: Instrument) -> bool:
    """Close the position of an instrument that has stopped trading, in cash, at the last price."""
    held = state.book.positions.get(instrument.key)
    if held is None:
        return False
    last = state.last_price(instrument)
    price = last if last is not None else held.average_price
    change = trade(held, instrument, -held.quantity, price, ZERO)
    entry = state.book.apply(state.now, f"settlement of {instrument.symbol}", instrument, change)
    state.records.append(Settled(state.now, instrument, -held.quantity, price, change.realised))
    state.booked(entry, instrument, None, None)
    return True


def _expiry(instrument: Instrument) -> tuple[int, str, str]:
    assert instrument.expires_at is not None
    return (instrument.expires_at, instrument.symbol, instrument.asset_type)
