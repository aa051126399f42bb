"""One order as a run's results show it."""

import msgspec

from libs.shared_ipc.src.protocol import OrderState, PlaceOrderAction
from periscope.execution.order import Order, Rejection


class OrderLine(msgspec.Struct):
    """One order: as accepted (`order`) or as asked for (`action`), how often it was filled, and how it ended."""

    sequence: int
    order_id: str
    placed_at: int
    order: Order | None
    action: PlaceOrderAction | None = None
    closed_at: int | None = None
    rejection: Rejection | None = None
    fills: int = 0

    @property
    def state(self) -> OrderState:
        """Its last state; WORKING for one that is still open at the end."""
        return OrderState.REJECTED if self.order is None else self.order.state
