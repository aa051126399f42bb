"""What a strategy asked for, applied to the state at the handler's simulation time."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from libs.shared_ipc.src.protocol import (
    Action,
    CancelLimitsAction,
    InsertCashAction,
    OrderType,
    PlaceOrderAction,
    QuoteRegistrationRequest,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    TimeInForce,
    UnregisterBarAction,
    UnregisterQuoteAction,
    WithdrawCashAction,
)
from periscope.engine.cancellations import ask_to_cancel
from periscope.engine.corporate import follow
from periscope.engine.fills import meet
from periscope.engine.pieces import Registration, Timer
from periscope.engine.records import ActionTaken, IssueRaised, OrderPlaced, OrderRefused
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Phase
from periscope.execution.accounts.exposure import Exposure
from periscope.execution.admission import Terms, number_told, settle_terms
from periscope.execution.meeting import QuoteUse
from periscope.execution.order import Happening, Order, Origin, Rejection, next_state
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError
from periscope.portfolio.exact import ZERO, plain

_SHORTEST_STEP = Decimal("0.001")
_MOST_FUNDS = Decimal(10) ** 11
_LONGEST_STEP = Decimal(10) ** 10


def apply_actions(state: Simulation, actions: Sequence[Action]) -> None:
    """Apply the actions of one handler, in order. One that cannot be applied leaves an issue; the rest still counts."""
    for action in actions:
        state.records.append(ActionTaken(state.row, state.now, action))
        match action:
            case PlaceOrderAction():
                place_order(state, action)
            case CancelLimitsAction():
                _cancel_limits(state, action)
            case RegisterSecurityAction():
                _register(state, action)
            case RegisterTimeStepAction():
                _start_timer(state, action)
            case UnregisterBarAction():
                _unregister(state, action)
            case UnregisterQuoteAction():
                _issue(state, "QUOTES_DISABLED", "quotes are disabled: there is no quote stream to end", action.symbol)
            case InsertCashAction():
                _move_cash(state, action.amount, inserting=True)
            case WithdrawCashAction():
                _move_cash(state, action.amount, inserting=False)
            case _:
                assert_never(action)


def _issue(state: Simulation, code: str, message: str, subject: str = "") -> None:
    state.records.append(IssueRaised(state.now, code, message, subject))


def place_order(state: Simulation, action: PlaceOrderAction, origin: Origin = Origin.STRATEGY) -> None:
    """Accept or refuse an order, placed now by the strategy or by the account itself."""
    state.sequence += 1
    state.dated += action.time_in_force is TimeInForce.GTD
    settings = state.settings
    order_id = state.ids.of(state.sequence)
    order = _accept(state, action, order_id, origin)
    if isinstance(order, Rejection):
        _refuse(state, action, order_id, order)
        return
    instrument = order.instrument
    key = instrument.key
    after = None
    if not order.closing:
        after = (state.exposures.get(key) or Exposure(instrument)).plus(order, settings.fees)
    refusal = _one_too_many(state, origin)
    if refusal is None:
        refusal = state.account.check_order(order, state.book, state.exposures, after, state)
    if refusal is not None:
        _refuse(state, action, order_id, refusal)
        return
    if instrument.expires_at is not None:
        state.watched[key] = instrument
    if state.markets.market(instrument).side(order.sign) is None:
        what = "quote bar" if state.settings.quotes is QuoteUse.REQUIRE else "bar"
        text = f"no {what} of {action.symbol} in the window can fill an order"
        _issue(state, "NO_EXECUTION_DATA", text, action.symbol)
    follow(state, instrument)
    state.records.append(OrderPlaced(state.now, order))
    state.put(order, after)
    state.announce(order, Phase.ACKNOWLEDGEMENT)
    meeting = state.model.at_once(order, state.markets.market(instrument), state.now)
    if meeting is None:
        return
    if state.model.in_turn:
        meet(state, order, meeting)
    else:
        state.meet_at(order, meeting)


def _one_too_many(state: Simulation, origin: Origin) -> Rejection | None:
    """The limit of resting orders, which binds the strategy and not the account."""
    most = state.settings.limits.open_orders
    if len(state.orders) < most or origin is not Origin.STRATEGY:
        return None
    text = f"{most:,} orders are resting, as many as core.limits.open_orders allows"
    return Rejection("TOO_MANY_OPEN_ORDERS", text)


def _accept(state: Simulation, action: PlaceOrderAction, order_id: str, origin: Origin) -> Order | Rejection:
    """The order as the fill model takes it, all but buying power checked; or the first rule that refuses it."""
    try:
        terms = settle_terms(action, state.now, state.house())
        if isinstance(terms, Rejection):
            return terms
        if not state.settings.fees.covers(terms.instrument):
            fees = state.settings.fees.describe()
            return Rejection("FEE_UNKNOWN", f"what {action.symbol} costs is not known: core.fees is {fees}")
        order = _make_order(state, action, order_id, terms, origin)
        return state.model.accept(order, state.markets.market(order.instrument))
    except (UnknownExchangeError, SessionRangeError) as error:
        return Rejection("SESSIONS_UNKNOWN", f"{action.time_in_force} needs the exchange's sessions: {error}")


def _make_order(state: Simulation, action: PlaceOrderAction, order_id: str, terms: Terms, origin: Origin) -> Order:
    instrument = terms.instrument
    stream = state.markets.market(instrument).side(terms.sign)
    arrives_at = state.now + state.settings.latency
    reference = terms.limit if terms.limit is not None else terms.stop
    if action.order_type is OrderType.MARKET:
        reference = state.last_price(instrument)
    return Order(
        sequence=state.sequence,
        order_id=order_id,
        symbol=action.symbol,
        asset_type=action.asset_type,
        instrument=instrument,
        sign=terms.sign,
        intent=action.intent,
        order_type=action.order_type,
        time_in_force=terms.time_in_force,
        quantity=terms.quantity,
        limit=terms.limit,
        stop=terms.stop,
        placed_at=state.now,
        arrives_at=arrives_at,
        until=terms.until,
        first_row=stream.row_from(arrives_at) if stream is not None else 0,
        closing=terms.closing,
        unit=terms.unit,
        reference=reference if reference is not None else ZERO,
        state=next_state(None, Happening.ACCEPTED),
        origin=origin,
    )


def _refuse(state: Simulation, action: PlaceOrderAction, order_id: str, rejection: Rejection) -> None:
    state.records.append(OrderRefused(state.now, state.sequence, order_id, action, rejection))
    _issue(state, rejection.code, rejection.message, action.symbol)
    state.announce_refusal(action, order_id, next_state(None, Happening.REFUSED))


def _cancel_limits(state: Simulation, action: CancelLimitsAction) -> None:
    instrument = state.markets.feed.get(action.symbol, action.asset_type)
    if instrument is None:
        text = state.markets.feed.explain_unknown(action.symbol, action.asset_type)
        _issue(state, "UNKNOWN_SYMBOL", text, action.symbol)
        return
    ask_to_cancel(state, instrument.key)


def _register(state: Simulation, action: RegisterSecurityAction) -> None:
    request = action.request
    if isinstance(request, QuoteRegistrationRequest):
        _issue(state, "QUOTES_DISABLED", "quotes are disabled: register bars instead", request.symbol)
        return
    feed = state.markets.feed
    instrument = feed.get(request.symbol, request.asset_type)
    span = request.bar_time_span
    if instrument is None:
        text = feed.explain_unknown(request.symbol, request.asset_type)
        _issue(state, "UNKNOWN_SYMBOL", text, request.symbol)
        return
    if instrument.expires_at is not None and state.now >= instrument.expires_at:
        _issue(
            state, "EXPIRED_INSTRUMENT", f"{request.symbol} has stopped trading: nothing to register", request.symbol
        )
        return
    key = (request.symbol, request.asset_type, span)
    if key in state.registrations:
        _issue(state, "DUPLICATE_REGISTRATION", f"{request.symbol} {span} bars are registered already", request.symbol)
        return
    if state.markets.series(instrument, span) is None:
        _issue(state, "SPAN_NOT_AVAILABLE", feed.explain_missing(instrument, span), request.symbol)
        return
    state.streams_made += 1
    state.registrations[key] = Registration(state.streams_made, instrument, state.now)
    if instrument.expires_at is not None:
        state.watched[instrument.key] = instrument


def _unregister(state: Simulation, action: UnregisterBarAction) -> None:
    key = (action.symbol, action.asset_type, action.bar_time_span)
    if key in state.registrations:
        state.end_stream(key)
    else:
        _issue(
            state, "NOT_REGISTERED", f"{action.symbol} {action.bar_time_span} bars are not registered", action.symbol
        )


def _start_timer(state: Simulation, action: RegisterTimeStepAction) -> None:
    try:
        step = Decimal(repr(action.time_step_seconds)) if isinstance(action.time_step_seconds, float) else None
        step = Decimal(action.time_step_seconds) if step is None else step
    except (ArithmeticError, ValueError):
        step = Decimal("NaN")
    if not step.is_finite() or not _SHORTEST_STEP <= step <= _LONGEST_STEP:
        _issue(
            state,
            "TIMER_STEP_INVALID",
            f"time_step_seconds is {action.time_step_seconds}; it must be finite and at least 0.001",
        )
        return
    state.timer = Timer(state.now, step)


def _move_cash(state: Simulation, amount: Decimal, *, inserting: bool) -> None:
    if not amount.is_finite() or amount <= 0:
        _issue(state, "CASH_AMOUNT_NOT_POSITIVE", f"the amount is {number_told(amount)}; it must be above zero")
        return
    if inserting and state.book.contributed + amount > _MOST_FUNDS:
        text = f"inserting {amount:f} refused: a portfolio can be funded with {_MOST_FUNDS:,} in all"
        _issue(state, "CASH_AMOUNT_TOO_LARGE", text)
        return
    if not inserting:
        free = state.free_cash()
        if amount > free:
            amount, free, lack = plain(amount), plain(free), plain(amount - free)
            text = f"withdrawing {amount:f} refused: {free:f} is free, {lack:f} is missing"
            _issue(state, "WITHDRAWAL_EXCEEDS_FREE_CASH", text)
            return
    flow = amount if inserting else -amount
    state.booked(state.book.contribute(state.now, flow), None, None, flow)
