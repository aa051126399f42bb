"""Small values of which a run's state is made."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from libs.shared_ipc.src.protocol import AssetType, OrderState
from periscope.instruments.instrument import Instrument
from periscope.market.adjustment import Change as CorporateChange
from periscope.portfolio.book import InstrumentKey
from periscope.portfolio.exact import microseconds


class Timer(msgspec.Struct, frozen=True, gc=False):
    """A recurring timer: firing number `count` is at `base` + `count` x `step` (seconds)."""

    base: int
    step: Decimal
    count: int = 1

    @property
    def fires_at(self) -> int:
        """The next firing, in microseconds, rounded half-up."""
        return self.base + microseconds(self.step * self.count)


class Registration(NamedTuple):
    """A live stream: its number, its instrument, and the moment from which its bars may start."""

    number: int
    instrument: Instrument
    since: int


class Update(NamedTuple):
    """An order update that waits for its turn: phase and serial number order it, the rest is what it tells."""

    phase: int
    serial: int
    order_id: str
    symbol: str
    asset_type: AssetType
    state: OrderState
    filled: Decimal
    net_money: Decimal


class CancelRequest(NamedTuple):
    """A cancellation of limits that reaches the market at `arrives_at`, for orders up to number `last_sequence`."""

    arrives_at: int
    key: InstrumentKey
    last_sequence: int


class Taken(NamedTuple):
    """How much of the volume of execution bar `row` has been traded by this strategy."""

    row: int
    quantity: Decimal


class Following(NamedTuple):
    """The next split or dividend of an instrument that the run has traded: number `number` of its changes."""

    time: int
    symbol: str
    asset_type: AssetType
    number: int
    instrument: Instrument

    @classmethod
    def of(cls, instrument: Instrument, changes: Sequence[CorporateChange], number: int) -> "Following":
        """Change number `number` of an instrument."""
        return cls(changes[number].time, instrument.symbol, instrument.asset_type, number, instrument)


class OrderNumbers:
    """Numbers of resting orders of one kind by instrument, in order of placement; nothing takes longer for many.

    Forks share the numbers of an instrument until one of them changes these.
    """

    __slots__ = ("_known", "_own")

    def __init__(self) -> None:
        self._known: dict[InstrumentKey, dict[int, None]] = {}
        self._own: set[InstrumentKey] = set()

    def fork(self) -> "OrderNumbers":
        """An independent copy."""
        twin = OrderNumbers()
        if self._known:
            twin._known = self._known.copy()
            self._own.clear()
        return twin

    def add(self, key: InstrumentKey, number: int) -> None:
        """Note an order, which may be known."""
        self._numbers(key)[number] = None

    def discard(self, key: InstrumentKey, number: int) -> None:
        """Forget an order, if it is known."""
        if number not in self._known.get(key, ()):
            return
        numbers = self._numbers(key)
        del numbers[number]
        if not numbers:
            del self._known[key]

    def _numbers(self, key: InstrumentKey) -> dict[int, None]:
        """Those of an instrument, to be changed."""
        if key in self._known and key in self._own:
            return self._known[key]
        self._own.add(key)
        numbers = self._known[key] = self._known.get(key, {}).copy()
        return numbers

    def first(self, key: InstrumentKey) -> int | None:
        """The first number of an instrument, None if it has none."""
        return next(iter(self._known.get(key, ())), None)

    def all(self, key: InstrumentKey) -> list[int]:
        """The numbers of an instrument."""
        return list(self._known.get(key, ()))
