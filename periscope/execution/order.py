"""An order as a value, and the table of the states it may take."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from libs.shared_ipc.src.protocol import AssetType, OrderIntent, OrderState, OrderType, TimeInForce
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import Session
from periscope.instruments.unit import Unit
from periscope.portfolio.exact import ZERO


class Happening(StrEnum):
    """What can happen to an order."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    PARTLY_FILLED = "partly filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    BREACHED = "breached"


NEXT_STATE: dict[tuple[OrderState | None, Happening], OrderState] = {
    (None, Happening.ACCEPTED): OrderState.WORKING,
    (None, Happening.REFUSED): OrderState.REJECTED,
    (OrderState.WORKING, Happening.PARTLY_FILLED): OrderState.WORKING,
    (OrderState.WORKING, Happening.FILLED): OrderState.FILLED,
    (OrderState.WORKING, Happening.CANCELLED): OrderState.CANCELLED,
    (OrderState.WORKING, Happening.EXPIRED): OrderState.EXPIRED,
    (OrderState.WORKING, Happening.BREACHED): OrderState.REJECTED,
}
"""Every legal move of an order; None is an order that has no state yet. Whatever is not here raises."""


class IllegalMoveError(AssertionError):
    """An order was asked to make a move that the state table does not have. A bug of ours."""


def next_state(state: OrderState | None, happening: Happening) -> OrderState:
    """The state after `happening`; raises IllegalMoveError where the table has no such move."""
    found = NEXT_STATE.get((state, happening))
    if found is None:
        raise IllegalMoveError(f"an order that is {state or 'new'} cannot be {happening}")
    return found


class Origin(StrEnum):
    """Who placed an order."""

    STRATEGY = "strategy"
    MARGIN_CALL = "margin call"


class Order(msgspec.Struct, frozen=True, gc=False):
    """One accepted order. Every change makes a new value.

    `order_id` is the text of its UUID, `sign` +1 for a buy and -1 for a sell. `quantity` and `filled` are positive
    units; `limit` and `stop` are the order's prices after rounding. Of times (microseconds UTC), it reaches the market
    at `arrives_at` and expires at `until`, None if never; `first_row` is the first bar of the execution stream that it
    can meet. `session` is the regular session whose auction an OPG or ATC order waits for and a GTX order stays out
    of, None for the others. `unit` is what prices and quantities counted in when it was placed, `reference` the price
    at which its buying power was reserved. `triggered` says that a stop has been touched. `charged_units` and
    `charged_value` are the units and the traded value of all fills so far as fee models count them: those of the real
    contract.
    """

    sequence: int
    order_id: str
    symbol: str
    asset_type: AssetType
    instrument: Instrument
    sign: int
    intent: OrderIntent
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None
    placed_at: int
    arrives_at: int
    until: int | None
    first_row: int
    closing: bool
    unit: Unit
    session: Session | None = None
    reference: Decimal = ZERO
    state: OrderState = OrderState.WORKING
    triggered: bool = False
    filled: Decimal = ZERO
    net_money: Decimal = ZERO
    fees: Decimal = ZERO
    charged_units: Decimal = ZERO
    charged_value: Decimal = ZERO
    origin: Origin = Origin.STRATEGY

    @property
    def remaining(self) -> Decimal:
        """Units still to be filled."""
        return self.quantity - self.filled

    @property
    def is_limit(self) -> bool:
        """Whether it now behaves as a limit order: a LIMIT, or a STOP_LIMIT that has been triggered."""
        return self.order_type is OrderType.LIMIT or (self.order_type is OrderType.STOP_LIMIT and self.triggered)

    @property
    def is_stop(self) -> bool:
        """Whether it still waits for its stop price."""
        return not self.triggered and self.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)

    @property
    def decides_at_once(self) -> bool:
        """IOC and FOK: the first price decides."""
        return self.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)

    @property
    def is_auction_only(self) -> bool:
        """OPG and ATC: one price decides, that of the next opening or closing auction."""
        return self.time_in_force in (TimeInForce.OPG, TimeInForce.ATC)


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why an order was refused: a stable code and a sentence for the author."""

    code: str
    message: str
