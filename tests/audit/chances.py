"""What the bars allow an order: which of them it may meet, and the price and time of the one fill that each gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.audit.evidence import Bar, Contract, Order, Terms
from tests.naive.corporate import on_tick


@dataclass(frozen=True, slots=True)
class Chances:
    """The fills that are possible in a run of these terms and contracts, whatever the run did."""

    terms: Terms
    contracts: Mapping[str, Contract]

    def may_meet(self, order: Order) -> Iterator[Bar]:
        """The bars that the order may fill on, while it lives."""
        if order.force == "ATC":
            yield from self._last_of_session(order)
            return
        for bar in self.offers(order):
            late = order.until is not None and bar.start >= order.until
            early = order.force == "OPG" and order.auctions is not None and bar.start < order.auctions[0]
            at_close = order.at_close and bar.end == order.placed_at
            if (bar.start >= order.arrives_at or at_close) and bar.offered and not late and not early:
                yield bar
                if order.force in ("IOC", "FOK", "OPG"):
                    return

    def offers(self, order: Order) -> tuple[Bar, ...]:
        """The bars of the order's side of the market."""
        contract = self.contracts[order.symbol]
        return contract.asks if order.side > 0 else contract.bids

    def _last_of_session(self, order: Order) -> Iterator[Bar]:
        """The bar whose close is the closing price of the order's session, if it ended after the order came."""
        assert order.auctions is not None
        opened, closed = order.auctions
        ended = [bar for bar in self.offers(order) if opened < bar.end <= closed]
        in_time = closed <= self.terms.end and (order.until is None or closed <= order.until)
        if ended and in_time and ended[-1].offered and ended[-1].end > order.arrives_at:
            yield ended[-1]

    def allowed(self, order: Order, bar: Bar) -> tuple[Fraction, int] | None:
        """Price and time of the one fill that this bar allows the order in its time; None if it allows none."""
        found = self._by_price(order, bar)
        if found is None or found[1] == bar.start or (order.at_close and bar.end == order.placed_at):
            return found
        late = order.until is not None and found[1] > order.until
        auction = order.force == "GTX" and order.auctions is not None and found[1] >= order.auctions[1]
        return None if late or auction else found

    def _by_price(self, order: Order, bar: Bar) -> tuple[Fraction, int] | None:
        placed, order = order, self.at(order, bar.start)
        if order.force == "ATC" or bar.end == order.placed_at:
            told = bar.end if order.auctions is None or order.force != "ATC" else order.auctions[1]
            return (bar.close, told) if order.kind == "MARKET" or self._meets(order, bar.close) else None
        kind = order.kind
        if order.is_stop:
            touch_bar = next(
                (one for one in self.may_meet(placed) if self._touches(self.at(placed, one.start), one)), None
            )
            if touch_bar is None or bar.start < touch_bar.start:
                return None
            if bar is touch_bar:
                return self._on_touch(order, bar)
            kind = "MARKET" if kind == "STOP" else "LIMIT"
        if kind == "MARKET" or self._meets(order, bar.open):
            return bar.open, bar.start
        if order.force in ("IOC", "FOK", "OPG"):
            return None
        return self._at_limit(order, bar) if self._meets(order, self._best(order, bar)) else None

    def _on_touch(self, order: Order, bar: Bar) -> tuple[Fraction, int] | None:
        assert order.stop is not None
        if order.side * (bar.open - order.stop) >= 0:
            if order.kind == "STOP" or self._meets(order, bar.open):
                return bar.open, bar.start
            return self._at_limit(order, bar) if self._meets(order, self._best(order, bar)) else None
        if order.kind == "STOP" or self._meets(order, order.stop):
            return order.stop, bar.end
        return self._at_limit(order, bar) if self._meets(order, bar.close) else None

    def _at_limit(self, order: Order, bar: Bar) -> tuple[Fraction, int]:
        assert order.limit is not None
        return order.limit, bar.end

    def _touches(self, order: Order, bar: Bar) -> bool:
        assert order.stop is not None
        return order.side * ((bar.high if order.side > 0 else bar.low) - order.stop) >= 0

    def _best(self, order: Order, bar: Bar) -> Fraction:
        return bar.low if order.side > 0 else bar.high

    def _meets(self, order: Order, price: Fraction) -> bool:
        assert order.limit is not None
        gain = order.side * (order.limit - price)
        return gain >= 0 if self.terms.touch else gain > 0

    def at(self, order: Order, time: int) -> Order:
        """The order with its prices in the shares of a moment: away from the market at each split since it came."""
        contract = self.contracts[order.symbol]
        for moment, ratio in contract.splits:
            if order.placed_at < moment <= time:
                known = contract.means(moment)
                limit, stop = (
                    None if price is None else on_tick(price / ratio, contract.instrument, known, up=up)
                    for price, up in ((order.limit, order.side < 0), (order.stop, order.side > 0))
                )
                order = replace(order, limit=limit, stop=stop)
        return order
