"""What resting orders could still trade, as sums that change with each order."""

from decimal import Decimal

import msgspec

from periscope.execution.costs import fee_to_reserve
from periscope.execution.fees import FeeModel
from periscope.execution.order import Order
from periscope.instruments.instrument import Instrument
from periscope.portfolio.exact import ZERO


class Side(msgspec.Struct, frozen=True, gc=False):
    """All resting orders of one symbol and one direction, close intents left out.

    `units` still to be traded, `value` of them at the orders' reference prices, and their `fees`.
    """

    units: Decimal = ZERO
    value: Decimal = ZERO
    fees: Decimal = ZERO


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """What the resting orders of one symbol, close intents left out, could still trade."""

    instrument: Instrument
    buys: Side = Side()
    sells: Side = Side()

    def plus(self, order: Order, fees: FeeModel, factor: int = 1) -> "Exposure":
        """With `order` added (or taken away, `factor` -1)."""
        side = self.buys if order.sign > 0 else self.sells
        remaining = order.quantity - order.filled
        side = Side(
            side.units + remaining * factor,
            side.value + remaining * order.reference * order.instrument.multiplier * factor,
            side.fees + fee_to_reserve(order, fees) * factor,
        )
        if order.sign > 0:
            return Exposure(self.instrument, side, self.sells)
        return Exposure(self.instrument, self.buys, side)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left to trade."""
        return self.buys.units == 0 and self.sells.units == 0
