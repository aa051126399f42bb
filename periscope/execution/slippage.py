"""How far a fill's price is moved against the order: slippage models, each a small class with the methods of
`SlippageModel`. What all of them have in common (against the order, to the tick, never past the limit) is in `costs`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, NamedTuple, Protocol

from periscope.execution.fees import BASIS_POINT
from periscope.instruments.words import counted
from periscope.portfolio.exact import ZERO, plain, quotient


class Offer(NamedTuple):
    """What the market offers a fill before slippage: a price, and the instrument's tick.

    `taken` is what this run has traded on the bar, this fill included, and `volume` the volume that counts for it: at
    an open the last complete bar's, inside a bar its own, None where it is not known.
    """

    price: Decimal
    tick: Decimal
    taken: Decimal
    volume: Decimal | None


class SlippageModel(Protocol):
    """How far a fill is moved against the order (`core.slippage`).

    `asks_for_volume` says whether `Offer.taken` and `Offer.volume` count; where they don't they are not looked up.
    """

    asks_for_volume: ClassVar[bool] = False

    def distance(self, offer: Offer, /) -> Decimal:
        """How far, in price units: at least zero, before rounding to the tick."""

    def describe(self) -> str:
        """The model in a few words, for whoever reads the result."""


@dataclass(frozen=True, slots=True)
class NoSlippage(SlippageModel):
    """Fills at the price that the bar has, on the tick or not."""

    def distance(self, _offer: Offer, /) -> Decimal:
        """Zero."""
        return ZERO

    def describe(self) -> str:
        """The word for it."""
        return "none"


@dataclass(frozen=True, slots=True)
class Ticks(SlippageModel):
    """The same number of ticks for every fill."""

    count: int

    def distance(self, offer: Offer) -> Decimal:
        """The number times the tick."""
        return self.count * offer.tick

    def describe(self) -> str:
        """The number."""
        return f"{counted(self.count, 'tick')} against the order"


@dataclass(frozen=True, slots=True)
class PriceBasisPoints(SlippageModel):
    """A share of the price, in ten-thousandths; of its size, where the price is negative."""

    rate: Decimal

    def distance(self, offer: Offer) -> Decimal:
        """The size of the price times the rate."""
        return abs(offer.price) * self.rate * BASIS_POINT

    def describe(self) -> str:
        """The rate."""
        return f"{plain(self.rate):f} basis points against the order"


@dataclass(frozen=True, slots=True)
class VolumeShare(SlippageModel):
    """The more of the bar's volume the run takes, the worse the price: price x impact x share ** power.

    The share is what the run has traded on the bar, this fill included, over the volume that counts for it: at an open
    the last complete bar's, inside a bar its own. It is at most one, and one where the volume is zero; an unknown
    volume moves nothing. With a power of 2 and an impact of 0.1 this is the formula of Zipline's VolumeShareSlippage
    (quantopian/zipline, zipline/finance/slippage.py, Apache-2.0), which also caps the share: `core.participation` does
    that here. A power of 1 is a linear impact.
    """

    asks_for_volume = True

    impact: Decimal
    power: int = 2

    def distance(self, offer: Offer) -> Decimal:
        """The size of the price times the impact of the share."""
        if offer.volume is None:
            return ZERO
        full = abs(offer.price) * self.impact
        if offer.taken >= offer.volume:
            return full
        return quotient(full * offer.taken**self.power, offer.volume**self.power)

    def describe(self) -> str:
        """The formula with its figures."""
        curve = "its square" if self.power == 2 else "it"
        return f"share of the bar's volume: {plain(self.impact):f} of the price times {curve}, against the order"
