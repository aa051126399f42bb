"""What an account that judges resting orders needs to know of them: how large they are, and when to look at them.

Both are kept up as orders come and go, so that neither costs more at a bar where more orders rest.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from heapq import heappop, heappush

from periscope.engine.markets import Markets
from periscope.execution.order import Order
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import InstrumentKey

type Concerns = Callable[[InstrumentKey], bool]


class Judged:
    """Resting orders by size, and the steps at which they are judged."""

    __slots__ = ("sizes", "steps")

    def __init__(self, sizes: "OrderSizes", steps: "Steps") -> None:
        self.sizes = sizes
        self.steps = steps

    def fork(self) -> "Judged":
        """An independent copy."""
        return Judged(self.sizes.fork(), self.steps.fork())

    def put(self, previous: Order | None, order: Order, now: int) -> None:
        """An order rests, in place of what it was before."""
        if previous is not None:
            self.sizes.discard(previous)
        self.sizes.add(order)
        self.steps.watch(order.instrument, now)


class OrderSizes:
    """Numbers of resting orders by how much is left of them, least first, apart by what else decides about them.

    Those are the instrument, the side, the unit, and whether something of an order has filled. Forks share the orders
    of a kind until one of them changes these.
    """

    __slots__ = ("_known", "_own")

    def __init__(self) -> None:
        self._known: dict[tuple[InstrumentKey, int, Fraction, bool], list[tuple[Decimal, int]]] = {}
        self._own: set[tuple[InstrumentKey, int, Fraction, bool]] = set()

    def fork(self) -> "OrderSizes":
        """An independent copy."""
        twin = OrderSizes()
        if self._known:
            twin._known = self._known.copy()
            self._own.clear()
        return twin

    def add(self, order: Order) -> None:
        """Note an order."""
        insort(self._entries(_kind(order)), (order.remaining, order.sequence))

    def discard(self, order: Order) -> None:
        """Forget an order, given as it was noted."""
        kind = _kind(order)
        entries = self._entries(kind)
        del entries[bisect_left(entries, (order.remaining, order.sequence))]
        if not entries:
            del self._known[kind]

    def _entries(self, kind: tuple[InstrumentKey, int, Fraction, bool]) -> list[tuple[Decimal, int]]:
        """Those of a kind, to be changed."""
        if kind in self._known and kind in self._own:
            return self._known[kind]
        self._own.add(kind)
        entries = self._known[kind] = self._known.get(kind, []).copy()
        return entries

    def kinds(self) -> list[list[tuple[Decimal, int]]]:
        """What is left, and the number, of the orders of each kind."""
        return list(self._known.values())


def _kind(order: Order) -> tuple[InstrumentKey, int, Fraction, bool]:
    return (order.instrument.key, order.sign, order.unit.shares, order.charged_units != 0)


class Steps:
    """The next end of a bar of each watched instrument, trade or quote bars, up to `horizon` (microseconds UTC).

    A question costs no more where much is watched: only the instruments whose bar has ended are looked at again. The
    answers are a function of the instruments that the caller is concerned with and of the time, which never goes back;
    an instrument that concerns nobody any more leaves when its turn comes.
    """

    __slots__ = ("_ended", "_ended_at", "_heap", "_horizon", "_markets", "_watched")

    def __init__(self, markets: Markets, horizon: int, watched: Iterable[Instrument] = (), now: int = 0) -> None:
        self._markets = markets
        self._horizon = horizon
        self._watched: dict[InstrumentKey, Instrument] = {}
        self._heap: list[tuple[int, InstrumentKey]] = []
        self._ended_at = -1
        self._ended: list[InstrumentKey] = []
        for instrument in watched:
            self.watch(instrument, now)

    def fork(self) -> "Steps":
        """An independent copy."""
        twin = Steps(self._markets, self._horizon)
        twin._watched = self._watched.copy()
        twin._heap = self._heap.copy()
        twin._ended_at = self._ended_at
        twin._ended = self._ended.copy()
        return twin

    def watch(self, instrument: Instrument, now: int) -> None:
        """Look at an instrument from now on, which may be watched already."""
        if instrument.key not in self._watched:
            self._watched[instrument.key] = instrument
            self._look(instrument, now)

    def next(self, now: int, concerns: Concerns) -> int | None:
        """When the next bar ends of an instrument of concern, None if that is beyond the horizon."""
        self._advance(now, concerns)
        return self._heap[0][0] if self._heap and self._heap[0][0] <= self._horizon else None

    def is_now(self, now: int, concerns: Concerns) -> bool:
        """Whether a bar of an instrument of concern ends now."""
        self._advance(now, concerns)
        return self._ended_at == now and any(concerns(key) for key in self._ended)

    def _advance(self, now: int, concerns: Concerns) -> None:
        heap = self._heap
        while heap and (heap[0][0] <= now or not concerns(heap[0][1])):
            key = heappop(heap)[1]
            if concerns(key):
                self._look(self._watched[key], now)
            else:
                del self._watched[key]

    def _look(self, instrument: Instrument, now: int) -> None:
        key, following = instrument.key, []
        for window in self._markets.windows(instrument):
            window.reach(self._horizon)
            place = int(window.end.searchsorted(now, "right"))
            if place < len(window.end):
                following.append(int(window.end[place]))
            if place and int(window.end[place - 1]) == now:
                if self._ended_at != now:
                    self._ended_at, self._ended = now, []
                self._ended.append(key)
        if following:
            heappush(self._heap, (min(following), key))
