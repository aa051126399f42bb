"""A naive auditor: replays a finished run from its bars, orders, fills and postings, and lists what is wrong.

It shares no code with the engine; slippage and fees are those of the naive one. Every bar allows an order at most one
fill, of which price and time follow from the rules; everything that was booked must be such a fill, within the volume,
at the right cost, and the books must say so.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor

from tests.audit.chances import Chances
from tests.audit.evidence import (
    Accrual,
    Bar,
    Contract,
    DailySettlement,
    Dividend,
    Fill,
    Flow,
    MarginChange,
    Order,
    Settlement,
    Split,
    Step,
    Terms,
)
from tests.naive.corporate import carried, on_tick, real_price, real_quantity, tick_of
from tests.naive.costs import Deal, Paid, fee_of, slipped


@dataclass
class Auditor:
    """Give it a run; `audit` lists complaints, none for a clean run.

    A run that ended in an error at `failed_at` need not have done or told what was due at that moment or later.
    """

    terms: Terms
    contracts: dict[str, Contract]
    orders: dict[int, Order]
    steps: list[Step]
    failed_at: int | None = None
    complaints: list[str] = field(default_factory=list)
    cash: Fraction = Fraction(0)
    held: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    cost: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    settled: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    margin: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    balance: tuple[int, Fraction] | None = None
    filled: dict[int, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    real: dict[int, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    value: dict[int, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    taken: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    accounts: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    met: set[tuple[int, int]] = field(default_factory=set)
    stopped: set[tuple[str, int]] = field(default_factory=set)

    @property
    def chances(self) -> Chances:
        """What the bars allow."""
        return Chances(self.terms, self.contracts)

    def audit(self) -> list[str]:
        """Replay everything; the complaints."""
        for index, step in enumerate(self.steps):
            before = len(self.complaints)
            if index:
                self.claim(step.time >= self.steps[index - 1].time, "goes back in time")
            if index and step.time > self.steps[index - 1].time:
                self._deposits(step.time - 1)
            self._take(step)
            self._books(step)
            self.complaints[before:] = [f"step {index} {step.what}: {text}" for text in self.complaints[before:]]
        if self.failed_at is None:
            self._deposits(self.terms.end)
        for order in self.orders.values():
            before = len(self.complaints)
            self._states(order)
            self._nothing_missed(order)
            self.complaints[before:] = [f"order {order.number}: {text}" for text in self.complaints[before:]]
        return self.complaints

    def _take(self, step: Step) -> None:
        """What the step does to what is held and owed."""
        match step.what:
            case Fill():
                self._fill(step, step.what)
            case Settlement():
                self._settlement(step, step.what)
            case Dividend():
                self._dividend(step, step.what)
            case Split():
                self._split(step, step.what)
            case DailySettlement():
                self._daily_settlement(step, self.contracts[step.what.symbol])
            case MarginChange():
                self._margin_change(step, self.contracts[step.what.symbol])
            case Accrual():
                self._accrual(step, step.what.account)
            case Flow():
                self.cash += step.what.amount
                self.accounts["expected contributions"] -= step.what.amount

    def claim(self, holds: bool, text: str) -> None:
        """Complain if it does not hold."""
        if not holds:
            self.complaints.append(text)

    def _fill(self, step: Step, fill: Fill) -> None:
        order = self.orders[fill.order]
        contract = self.contracts[order.symbol]
        bar = next((bar for bar in self.chances.offers(order) if bar.start == fill.bar_start), None)
        if bar is None:
            return self.claim(False, "its bar does not exist")
        self.claim(bar.low <= fill.base <= bar.high, "the price is outside of the bar")
        self.claim(bar in list(self.chances.may_meet(order)), "the order could not meet this bar")
        self.claim((order.number, bar.start) not in self.met, "a second fill on the same bar")
        self.claim(order.closed_at is None or step.time <= order.closed_at, "a fill after the order's end")
        self.met.add((order.number, bar.start))
        self.claim(self.chances.allowed(order, bar) == (fill.base, step.time), "the rules give another price or time")
        order = self.chances.at(order, step.time)
        self.claim(fill.price == self._slipped(order, contract, bar, step.time, fill), "slippage is wrong")
        self._check_volume(order, contract, bar, step.time, fill)
        held = self.held[order.symbol]
        if order.closing:
            self.claim(held * order.side < 0 and fill.quantity <= abs(held), "a close order opens a position")
        if not contract.is_future and not self.terms.shorts:
            self.claim(held + order.side * fill.quantity >= 0, "shares are sold short")
        if order.is_stop and held * order.side < 0 and step.time == bar.end:
            self.stopped.add((order.symbol, bar.start))
        owed = self._fee(order, contract, step.time)
        self.filled[order.number] += fill.quantity
        self.real[order.number] += real_quantity(fill.quantity, contract.means(step.time))
        self.value[order.number] += fill.quantity * fill.price * contract.multiplier
        fee = self._fee(order, contract, step.time) - owed
        self.claim(fill.quantity > 0 and self.filled[order.number] <= order.quantity, "quantity is wrong")
        self.claim(fill.fee == fee, f"the fee should be {fee}")
        realised = self._trade(step, contract, order.side * fill.quantity, fill.price, fee)
        self.claim(fill.realised == realised, f"realised should be {realised}")
        self.claim(step.position_after == self.held[order.symbol], "the position after is wrong")
        return None

    def _settlement(self, step: Step, what: Settlement) -> None:
        contract = self.contracts[what.symbol]
        held = self.held[what.symbol]
        ratio = next((ratio for time, ratio in reversed(contract.splits) if time <= step.time), None)
        if ratio is not None and what.held != held:
            rest = abs(held) % contract.step(step.time)
            self.claim(abs(what.held) == rest and what.held * held > 0, f"the fraction should be {rest}")
            opens = [bar.open for bar in contract.bars if bar.start == step.time]
            self.claim([what.price] == opens, "a fraction is paid at the open of a bar")
        else:
            self.claim(what.held == held, "not all of the position is settled")
        realised = self._trade(step, contract, -what.held, what.price, Fraction(0))
        self.claim(what.realised == realised, f"realised should be {realised}")

    def _dividend(self, step: Step, what: Dividend) -> None:
        contract = self.contracts[what.symbol]
        shares = real_quantity(self.held[what.symbol], contract.means(step.time - 1))
        self.claim(what.shares == shares, f"the dividend should be paid on {shares} shares")
        self.claim((step.time, what.amount) in contract.dividends, "there is no such dividend then")
        self.cash += shares * what.amount
        side = "dividends_received" if shares > 0 else "dividends_paid"
        self.accounts[f"expected {side}:{what.symbol}"] -= shares * what.amount

    def _split(self, step: Step, what: Split) -> None:
        contract = self.contracts[what.symbol]
        self.claim((step.time, what.ratio) in contract.splits, "there is no such split then")
        self.held[what.symbol] = round(self.held[what.symbol] * what.ratio, 12)
        self.claim(step.position_after == self.held[what.symbol], "the position after is wrong")

    def _daily_settlement(self, step: Step, contract: Contract) -> None:
        """At the last price, all that cash has not got yet; never for shares."""
        symbol, price = contract.symbol, contract.last_price(step.time)
        self.claim(contract.is_future and price is not None, "only futures with a price are settled")
        gained = self.held[symbol] * (price or 0) * contract.multiplier - self.cost[symbol] - self.settled[symbol]
        self.settled[symbol] += gained
        self.cash += gained

    def _margin_change(self, step: Step, contract: Contract) -> None:
        """At a session's close, where the next trading day asks for another margin."""
        before = self.margin[contract.symbol]
        self.margin[contract.symbol] = abs(self.held[contract.symbol]) * contract.margin(step.time)
        self.claim(self.margin[contract.symbol] != before, "the margin has not changed")
        self.claim(contract.margin(step.time) != contract.margin(step.time - 1), "no trading day ends here")

    def _deposits(self, time: int) -> None:
        """What was deposited is what the trading day asks for, once all of `time` is over."""
        for symbol, contract in self.contracts.items():
            due = abs(self.held[symbol]) * contract.margin(time) if self.held[symbol] else 0
            self.claim(self.margin[symbol] == due, f"by {time} the margin of {symbol} should be {due}")

    def _accrual(self, step: Step, account: str) -> None:
        """A 360th of the rate, on shares that are short at their last price, and on cash without their proceeds."""
        self.claim(step.time % 86_400_000_000 == 0, "interest is due at midnight")
        short = {}
        for symbol, contract in self.contracts.items():
            if self.held[symbol] < 0 and not contract.is_future:
                price = contract.last_price(step.time)
                worth = self.cost[symbol] if price is None else self.held[symbol] * price * contract.multiplier
                short[symbol] = worth
        if self.balance is None or self.balance[0] != step.time:
            self.balance = (step.time, self.cash + sum(short.values()))
        kind, _, symbol = account.partition(":")
        if kind == "borrow_fees":
            amount = -round(-short.get(symbol, Fraction(0)) * self.terms.borrow_rate / 360, 6)
        else:
            earns = self.balance[1] > 0
            self.claim(kind == ("interest_received" if earns else "interest_paid"), "interest on the wrong account")
            rate = self.terms.cash_rate if earns else self.terms.debit_rate
            amount = round(self.balance[1] * rate / 360, 6)
        self.cash += amount
        self.accounts[f"expected {account}"] -= amount

    def _trade(self, step: Step, contract: Contract, signed: Fraction, price: Fraction, fee: Fraction) -> Fraction:
        """Average cost: what is closed leaves at its share of the cost, rounded half-even to twelve decimals."""
        symbol, realised = contract.symbol, Fraction(0)
        opening, held = signed, self.held[symbol]
        if held * signed < 0:
            closed = min(abs(signed), abs(held))
            share = self.cost[symbol] if closed == abs(held) else round(self.cost[symbol] * closed / abs(held), 12)
            whole = closed == abs(held)
            paid = self.settled[symbol] if whole else round(self.settled[symbol] * closed / abs(held), 12)
            self.settled[symbol] -= paid
            self.cash -= paid
            side = 1 if held > 0 else -1
            realised = side * closed * price * contract.multiplier - share
            self.cost[symbol] -= share
            opening = signed + side * closed
        self.cost[symbol] += opening * price * contract.multiplier
        self.held[symbol] += signed
        self.margin[symbol] = abs(self.held[symbol]) * contract.margin(step.time)
        self.cash -= fee if contract.is_future else signed * price * contract.multiplier + fee
        self.cash += realised if contract.is_future else 0
        self.accounts[f"expected realised:{symbol}"] -= realised
        self.accounts["expected fees"] += fee
        return realised

    def _books(self, step: Step) -> None:
        self.claim(sum(amount for _, amount in step.postings) == 0, "the postings do not balance")
        for account, amount in step.postings:
            self.accounts[account] += amount
        money = self.accounts["cash"] + sum(self.accounts[f"margin:{symbol}"] for symbol in self.contracts)
        self.claim(step.cash_after == self.cash == money, f"cash should be {self.cash}")
        for name in [name for name in self.accounts if name.startswith("expected ")]:
            real = name.removeprefix("expected ")
            self.claim(self.accounts[real] == self.accounts[name], f"{real} should be {self.accounts[name]}")
        for symbol, contract in self.contracts.items():
            cost = Fraction(0) if contract.is_future else self.cost[symbol]
            self.claim(self.accounts[f"position:{symbol}"] == cost, f"position:{symbol} should be {cost}")
            deposited = self.margin[symbol]
            self.claim(self.accounts[f"margin:{symbol}"] == deposited, f"margin:{symbol} should be {deposited}")
            settled = -self.settled[symbol]
            self.claim(self.accounts[f"unrealised:{symbol}"] == settled, f"unrealised:{symbol} should be {settled}")

    def _deal(self, order: Order, contract: Contract, time: int) -> Deal:
        known = contract.means(time)

        def snapped(price: Fraction, *, up: bool) -> Fraction:
            return on_tick(price, contract.instrument, known, up=up)

        kind = (contract.is_future, contract.root, tick_of(contract.instrument, known), contract.multiplier)
        return Deal(order.side, order.limit, order.stop, *kind, snapped)

    def _slipped(self, order: Order, contract: Contract, bar: Bar, time: int, fill: Fill) -> Fraction:
        taken = self.taken[order.symbol, bar.start] + fill.quantity
        volume = self._volume_that_counts(order, contract, bar, time)
        return slipped(self._deal(order, contract, time), fill.base, self.terms.slippage, taken, volume)

    def _volume_that_counts(self, order: Order, contract: Contract, bar: Bar, time: int) -> Fraction | None:
        known_by = time if order.force == "ATC" else bar.start
        measure = bar if known_by < time else contract.last_bar(known_by)
        if order.force == "ATC" and order.auctions and (measure is None or measure.end <= order.auctions[0]):
            return Fraction(0)
        if measure is None or measure.volume is None:
            return None
        ratio = contract.ratio(measure.start, time)
        return measure.volume if ratio == 1 else round(measure.volume * ratio, 6)

    def _check_volume(self, order: Order, contract: Contract, bar: Bar, time: int, fill: Fill) -> None:
        volume = self._volume_that_counts(order, contract, bar, time)
        if self.terms.participation is not None and volume is not None:
            cap = floor(self.terms.participation * volume / contract.step(time)) * contract.step(time)
            self.claim(fill.quantity <= cap - self.taken[order.symbol, bar.start], "more than its share of the volume")
        self.taken[order.symbol, bar.start] += fill.quantity

    def _fee(self, order: Order, contract: Contract, time: int) -> Fraction:
        """What the order owes for all that it has traded."""
        bar = contract.last_bar(time)
        known = contract.means(time)
        last = None
        if bar is not None:
            ratio = contract.ratio(bar.start, time)
            last = bar.close if ratio == 1 else carried(bar.close, ratio)
        deal = self._deal(order, contract, time)
        real = replace(deal, limit=real_price(order.limit, known), stop=real_price(order.stop, known))
        paid = Paid(self.real[order.number], self.value[order.number], real_price(last, known), time)
        return fee_of(real, paid, self.terms.fees)

    def _states(self, order: Order) -> None:
        """WORKING first and again per partial fill, then at most one other state, and the quantities add up."""
        states = [state for _, state, _ in order.updates]
        amounts = [quantity for _, _, quantity in order.updates]
        self.claim(states[:1] in ([], ["WORKING"]), "the first update is not WORKING")
        self.claim(all(state == "WORKING" for state in states[:-1]), "an update after the end")
        self.claim(amounts == sorted(amounts), "the quantity filled goes back")
        if order.closed_at is not None and states:
            self.claim(states[-1] != "WORKING" or self.failed_at is not None, "the end was not told")
            if states[-1] == "FILLED":
                self.claim(self.filled[order.number] == order.quantity == amounts[-1], "FILLED, but not all of it")
            elif states[-1] != "WORKING":
                self.claim(self.filled[order.number] < order.quantity, "all of it filled, but not FILLED")

    def _nothing_missed(self, order: Order) -> None:
        """Where volume does not matter, the first bar that allows a fill gave it, unless the order ended before."""
        if self.terms.participation is not None:
            return
        for bar in self.chances.may_meet(order):
            allowed = self.chances.allowed(order, bar)
            ends = [time for time in (order.closed_at, self.failed_at) if time is not None]
            if allowed is None or any(time <= allowed[1] for time in ends):
                continue
            yielded = allowed[1] == bar.end and (order.symbol, bar.start) in self.stopped
            self.claim((order.number, bar.start) in self.met or yielded, f"no fill on the bar from {bar.start}")
            if not yielded:
                return
