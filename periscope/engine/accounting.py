"""What the account itself does at an instant: futures are settled, interest falls due, margin is called.

Each of these moments is known in advance, so that nothing has to be done per bar: session closes of futures that are
held, midnights, and the moment at which prices bring a margin call, which `MarginWatch` finds.
"""

from decimal import Decimal

import msgspec

from libs.shared_ipc.src.protocol import OrderIntent, OrderType, PlaceOrderAction
from periscope.engine.actions import place_order
from periscope.engine.margin_watch import NEVER, MarginWatch
from periscope.engine.records import IssueRaised
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Accounting, Key, Rank
from periscope.execution.accounts.choosing import MarginCallPolicy
from periscope.execution.accounts.model import Cushion, Part
from periscope.execution.order import Origin
from periscope.portfolio.book import Position
from periscope.portfolio.exact import ZERO, daily_interest, plain, share_of_cost, units_for
from periscope.portfolio.ledger import Account, named

_DAY = 86_400_000_000
_ONE = Decimal(1)
_NOTHING = Cushion(ZERO, ())


def next_accounting(state: Simulation, until: int) -> Key | None:
    """Key of what the account does next, None if that is nothing; a margin call is looked for up to `until` only."""
    best: Key | None = None
    if state.settlements:
        best = (min(state.settlements.values()), Rank.ACCOUNTING, Accounting.SETTLEMENT, 0, 0)
    if state.interest_at is not None:
        key = (state.interest_at, Rank.ACCOUNTING, Accounting.INTEREST, 0, 0)
        best = key if best is None or key < best else best
    if state.book.positions:
        called_at = _next_margin_check(state, until)
        if called_at is not None:
            key = (called_at, Rank.ACCOUNTING, Accounting.MARGIN, 0, 0)
            best = key if best is None or key < best else best
    return best


def account(state: Simulation, key: Key) -> None:
    """Make it true."""
    match key[2]:
        case Accounting.SETTLEMENT:
            _settle_futures(state)
        case Accounting.INTEREST:
            _pay_interest(state)
        case _:
            _check_margin(state)


def _settle_futures(state: Simulation) -> None:
    """Settle every future whose session closes now at its last price; the next trading day's margin is deposited."""
    due = sorted(key for key, time in state.settlements.items() if time == state.now)
    for key in due:
        instrument = state.book.positions[key].instrument
        state.settlements[key] = state.session_close(instrument, state.now)
        price = state.last_price(instrument)
        if price is not None and state.book.positions[key].worth_at(price) != 0:
            state.noted(state.book.settle(state.now, instrument, price), instrument)
        if instrument.margins:
            margin = state.account.deposit(state.book.positions[key], state)
            if margin != state.book.margin(instrument):
                state.noted(state.book.deposit(state.now, instrument, margin), instrument)
    state.watch = None


def _pay_interest(state: Simulation) -> None:
    """Charge and pay what the calendar day that ends now has cost and earned."""
    assert state.interest_at is not None
    state.interest_at += _DAY
    rates, book = state.settings.interest, state.book
    short = {
        key: held.worth_at(state.last_price(held.instrument))
        for key, held in sorted(book.positions.items())
        if held.quantity < 0 and not held.instrument.is_future
    }
    balance = book.cash + sum(short.values(), ZERO)
    for key, value in short.items():
        fee = daily_interest(-value, rates.borrow)
        if fee != 0:
            symbol = book.positions[key].instrument.symbol
            name = named(Account.BORROW_FEES, symbol)
            state.noted(book.pay(state.now, f"borrow fee of {symbol}", name, -fee), None)
    earned = daily_interest(balance, rates.cash if balance > 0 else rates.debit)
    if earned > 0:
        state.noted(book.pay(state.now, "interest on cash", Account.INTEREST_RECEIVED, earned), None)
    elif earned < 0:
        state.noted(book.pay(state.now, "interest on debit", Account.INTEREST_PAID, earned), None)


def _next_margin_check(state: Simulation, until: int) -> int | None:
    """When the account is next worth comparing with its requirement, None if not by then."""
    if state.watch is None and max(state.now, state.accounted + 1) > until:
        return None
    if state.watch is None:
        state.watch = _watch(state)
    return state.watch.until(until)


def _watch(state: Simulation) -> MarginWatch:
    """Waits for the account to fall below its requirement; during a margin call, for it to come back.

    During a call that sells, every bar of something held counts, as long as no order of it rests: each either needs
    another one, or ends the call.
    """
    since, below = max(state.now, state.accounted + 1), not state.called
    cushion = state.account.cushion(state.book, state)
    if cushion is None and not state.called:
        return MarginWatch(_NOTHING, state.markets, NEVER, below=below)
    if cushion is None:
        parts = [Part(held.instrument, ZERO, ZERO) for held in state.book.positions.values()]
        return MarginWatch(Cushion(ZERO, tuple(parts)), state.markets, since, below=below)
    at_once = state.called and _sells(state) and not _is_selling(state)
    return MarginWatch(cushion, state.markets, since, below=None if at_once else below)


def _check_margin(state: Simulation) -> None:
    """Compare the account with its maintenance requirement: a call is told once, until it is met."""
    state.accounted = state.now
    state.watch = None
    cushion = state.account.cushion(state.book, state)
    missing = -cushion.now(state) if cushion is not None else ZERO
    if missing <= 0:
        state.called = False
        return
    if not state.called:
        state.called = True
        equity = state.book.cash
        for held in state.book.positions.values():
            equity += held.worth_at(state.last_price(held.instrument))
        holds, needs, lacks = (f"{plain(amount):f}" for amount in (equity, equity + missing, missing))
        text = f"equity is {holds} and the maintenance requirement {needs}: {lacks} is missing"
        state.records.append(IssueRaised(state.now, "MARGIN_CALL", text))
    if _sells(state) and not _is_selling(state):
        _liquidate(state, missing)


def _liquidate(state: Simulation, missing: Decimal) -> None:
    """Close by market orders what frees as much of the requirement as is missing, at the last prices.

    The position with the largest requirement first, and of each only as much as is needed.
    """
    needs = [(state.account.maintenance(held, state), key) for key, held in state.book.positions.items()]
    for _, key in sorted(needs, key=lambda need: (-need[0], need[1])):
        held = state.book.positions[key]
        per_unit = state.account.maintenance(_one_unit(held), state)
        if missing <= 0 or per_unit == 0:
            return
        quantity = min(abs(held.quantity), units_for(missing, per_unit, held.instrument.quantity_step))
        missing -= quantity * per_unit
        action = PlaceOrderAction(
            symbol=held.instrument.symbol,
            asset_type=held.instrument.asset_type,
            intent=OrderIntent.CLOSE,
            order_type=OrderType.MARKET,
            contract_quantity=quantity,
        )
        place_order(state, action, Origin.MARGIN_CALL)


def _one_unit(held: Position) -> Position:
    cost = share_of_cost(held.cost, _ONE, abs(held.quantity))
    return msgspec.structs.replace(held, quantity=_ONE.copy_sign(held.quantity), cost=cost)


def _sells(state: Simulation) -> bool:
    return state.settings.on_margin_call is MarginCallPolicy.LIQUIDATE


def _is_selling(state: Simulation) -> bool:
    """Whether an order of a margin call rests."""
    return any(order.origin is Origin.MARGIN_CALL for order in state.orders.values())
