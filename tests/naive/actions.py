"""What the strategy asks for."""

from decimal import Decimal
from fractions import Fraction

from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarRegistrationRequest,
    BarTimeSpan,
    CancelLimitsAction,
    InsertCashAction,
    OrderState,
    OrderType,
    PlaceOrderAction,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    TimeInForce,
    UnregisterBarAction,
    UnregisterQuoteAction,
    WithdrawCashAction,
)
from periscope.engine.settings import FillModelName
from tests.naive.admission import admit
from tests.naive.desk import PLACED_NOW, Desk, Registration, Timer
from tests.naive.market import Bar
from tests.naive.order import AT_AN_AUCTION, Order
from tests.naive.sessions import session_from


class Actions(Desk):
    """What actions do, each at once and by itself."""

    def apply(self, action: Action) -> None:
        """Do what the strategy asks for."""
        match action:
            case PlaceOrderAction():
                self.place(action)
            case CancelLimitsAction():
                self.cancel_limits(action)
            case RegisterSecurityAction(request=BarRegistrationRequest() as request):
                self.register(request)
            case UnregisterBarAction():
                self.unregister(action)
            case RegisterTimeStepAction():
                self.start_timer(Decimal(str(action.time_step_seconds)))
            case RegisterSecurityAction() | UnregisterQuoteAction():
                self.issue("QUOTES_DISABLED")
            case InsertCashAction() | WithdrawCashAction():
                self.move_cash(action)

    def place(self, action: PlaceOrderAction, *, of_margin_call: bool = False) -> None:
        """Accept or refuse an order."""
        number = len(self.orders) + 1
        dated = sum(one.time_in_force is TimeInForce.GTD for one in self.orders)
        order = Order(sequence=number, action=action, placed_at=self.now, dated=dated, of_margin_call=of_margin_call)
        code = admit(order, self.market, self.book, self.resting(), self.settings)
        self.orders.append(order)
        self.unfinished.append(order)
        if code is not None:
            self.finish(order, OrderState.REJECTED, code)
        elif not self.offers[order.instrument.key, order.side]:
            self.issue("NO_EXECUTION_DATA")
        elif self.settings.fill_model is FillModelName.CURRENT_CLOSE and action.order_type is OrderType.MARKET:
            order.closing_bar = self.bar_for_close(order)
        self.queue(PLACED_NOW, order)

    def bar_for_close(self, order: Order) -> Bar | None:
        """The bar that has just ended, where a market order may fill at its close."""
        bar = self.offer_ending.get((order.instrument.key, order.side, self.now))
        if bar is None or not bar.offered or self.settings.latency > 0 or order.time_in_force in AT_AN_AUCTION:
            return None
        closes = session_from(order.instrument.exchange, False, bar.start).close
        return None if order.time_in_force is TimeInForce.GTX and closes == self.now else bar

    def cancel_limits(self, action: CancelLimitsAction) -> None:
        """Cancel what rests as a limit order."""
        instrument = self.market.find(action.symbol, action.asset_type)
        if instrument is None:
            self.issue("UNKNOWN_SYMBOL")
            return
        self.cancels.append((self.now + self.settings.latency, instrument, len(self.orders)))
        if self.settings.latency == 0:
            self.cancel_what_is_due()

    def register(self, request: BarRegistrationRequest) -> None:
        """Start a stream of bars."""
        instrument = self.market.find(request.symbol, request.asset_type)
        if instrument is None:
            self.issue("UNKNOWN_SYMBOL")
        elif instrument.expires_at is not None and self.now >= instrument.expires_at:
            self.issue("EXPIRED_INSTRUMENT")
        elif self.live_registration(request.symbol, request.asset_type, request.bar_time_span) is not None:
            self.issue("DUPLICATE_REGISTRATION")
        elif not self.streams[instrument.key, request.bar_time_span]:
            self.issue("SPAN_NOT_AVAILABLE")
        else:
            number = len(self.registered) + 1
            self.registrations.append(Registration(number, instrument, request, self.now))
            self.registered.append((self.now, number, request.symbol, request.asset_type, request.bar_time_span))

    def live_registration(self, symbol: str, asset_type: AssetType, span: BarTimeSpan) -> Registration | None:
        """The stream that was registered under that very name, if there is one."""
        asked = BarRegistrationRequest(symbol, asset_type, span)
        same = [one for one in self.registrations if one.asked == asked]
        return same[0] if same else None

    def unregister(self, action: UnregisterBarAction) -> None:
        """End a stream of bars."""
        found = self.live_registration(action.symbol, action.asset_type, action.bar_time_span)
        if found is None:
            self.issue("NOT_REGISTERED")
        else:
            self.registrations.remove(found)

    def start_timer(self, seconds: Decimal) -> None:
        """Start or replace the timer."""
        if not seconds.is_finite() or seconds < Decimal("0.001"):
            self.issue("TIMER_STEP_INVALID")
        else:
            self.timer = Timer(self.now, Fraction(seconds) * 1_000_000)

    def move_cash(self, action: InsertCashAction | WithdrawCashAction) -> None:
        """Put cash in or take it out."""
        if not action.amount.is_finite() or action.amount <= 0:
            self.issue("CASH_AMOUNT_NOT_POSITIVE")
            return
        amount = Fraction(action.amount)
        if isinstance(action, WithdrawCashAction):
            if amount > self.book.free(self.resting()):
                self.issue("WITHDRAWAL_EXCEEDS_FREE_CASH")
                return
            amount = -amount
        self.book.pay("contributions", amount)
        self.booked()
