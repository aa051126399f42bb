"""The equity curve and the books at the end, against a recomputation from fills, flows and bars with fractions."""

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from periscope.engine.backtest import Tuning
from periscope.instruments.instrument import Instrument
from periscope.market.columns import BarColumns
from tests.runs.lab import AAA, BBB, HOUR, Lab, Ran, future, walk

SOURCE = """
from random import Random

class Strategy(Base):
    async def on_start(self, as_of_time):
        self.dice = Random(SEED)
        return [register(), register("BBB", ETF), register("XXH4", FUTURE), register("XXF4", FUTURE, Span.HOUR),
                cash("250000.55"), RegisterTimeStepAction(2000)]
    async def on_bar(self, event):
        if self.dice.random() < 0.8:
            return []
        side = self.dice.choice(["BUY", "BUY", "SELL" if event.asset_type is FUTURE else "SELL_TO_CLOSE"])
        quantity = self.dice.choice(["0.1", "7", "12.3"] if event.symbol == "BBB" else ["1", "4"])
        kind = self.dice.random()
        if kind < 0.4:
            return [order(side, quantity, event.symbol, event.asset_type)]
        price = event.bar.close + self.dice.choice([-2, -1, 0, 1]) * D("0.25")
        return [limit(side, quantity, price, event.symbol, event.asset_type)]
    async def on_timer(self, event):
        amount = D(self.dice.choice(["100.01", "2500", "0.000001"]))
        return [self.dice.choice([InsertCashAction, WithdrawCashAction])(amount), order("CLOSE", symbol="AAA")]
"""
CORES: list[dict[str, Any]] = [
    {},
    {"slippage": {"ticks": 1}, "fees": {"per_share": "0.0035", "minimum": "0.35", "per_contract": "2.25"}},
    {"slippage": {"basis_points": "3.3"}, "participation": "0.03", "fees": {"per_share": "0.005", "maximum": "0.02"}},
    {"fill_model": "current_close", "limit_fill": "touch"},
]
MARKET: dict[Instrument, tuple[str, BarColumns]] = {
    AAA: ("minute", walk("09:30", 390)),
    replace(BBB, quantity_step=Decimal("0.1")): ("minute", walk("09:45", 200, first=500_000, step=37)),
    future("XXH4", "2024-03-15 09:30"): ("minute", walk("09:30", 390, first=480_000, step=25)),
    future("XXF4", "13:00"): ("hour", walk("10:00", 3, first=480_100, step=25, length=HOUR)),
}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Two shares and two futures, one of which expires at 13:00."""
    lab = Lab(tmp_path)
    for instrument, (span, columns) in MARKET.items():
        lab.add(instrument, **{span: columns})
    return lab


class Closes:
    """The last complete close of each instrument."""

    def __init__(self) -> None:
        self.rows = {
            one.symbol: [
                (int(end), Fraction(int(close), 10**one.price_scale))
                for end, close in zip(columns.end, columns.close, strict=True)
            ]
            for one, (_, columns) in MARKET.items()
        }

    def at(self, symbol: str, time: int) -> Fraction | None:
        known = bisect_right(self.rows[symbol], time, key=lambda row: row[0])
        return self.rows[symbol][known - 1][1] if known else None


class Account:
    """Cash and positions as fractions, one movement after the other."""

    def __init__(self) -> None:
        self.cash = Fraction(0)
        self.flows = Fraction(0)
        self.fees = Fraction(0)
        self.held: dict[str, tuple[Fraction, Fraction]] = {}
        self.instruments = {one.symbol: one for one in MARKET}

    def trade(self, symbol: str, signed: Fraction, price: Fraction, fee: Fraction) -> None:
        """Buy or sell: the part that reduces is taken at average cost."""
        one = self.instruments[symbol]
        multiplier = Fraction(one.multiplier)
        quantity, cost = self.held.get(symbol, (Fraction(0), Fraction(0)))
        closed = (
            Fraction(0) if quantity * signed >= 0 else min(abs(signed), abs(quantity)) * (1 if quantity > 0 else -1)
        )
        removed = cost * closed / quantity if closed else Fraction(0)
        opened = signed + closed
        self.held[symbol] = (quantity + signed, cost - removed + opened * price * multiplier)
        self.cash += closed * price * multiplier - removed if one.is_future else -signed * price * multiplier
        self.cash -= fee
        self.fees += fee

    def value(self, closes: Closes, time: int, mark: tuple[str, Fraction] | None = None) -> Fraction:
        """Cash plus positions at the last closes; the one that trades now at the price it met."""
        total = self.cash
        for symbol, (quantity, cost) in self.held.items():
            one = self.instruments[symbol]
            price = mark[1] if mark is not None and mark[0] == symbol else closes.at(symbol, time)
            worth = cost if price is None else quantity * price * Fraction(one.multiplier)
            total += worth - cost if one.is_future else worth
        return total


def movements(ran: Ran) -> list[tuple[int, str, Any]]:
    """Fills, settlements and flows of a run in the order of time; no two kinds of them happen at one time here."""
    fills = [(_us(fill["filled_at"]), "fill", fill) for fill in ran.table("fills").iter_rows(named=True)]
    flows = [(_us_text(flow["time"]), "flow", Fraction(flow["amount"])) for flow in ran.document["cash_flows"]]
    settled = [(_us_text(line["time"]), "settled", line) for line in ran.document["settlements"]]
    return sorted([*fills, *flows, *settled], key=lambda entry: entry[0])


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _us_text(text: str) -> int:
    return _us(datetime.fromisoformat(text))


def apply(account: Account, kind: str, what: Any) -> tuple[str, Fraction] | None:
    """Move the account; returns the symbol and the price at which it is valued at that moment, if one is special."""
    if kind == "flow":
        account.cash += what
        account.flows += what
        return None
    if kind == "settled":
        account.trade(what["symbol"], Fraction(what["quantity"]), Fraction(what["price"]), Fraction(0))
        return None
    sign = 1 if what["side"] == "BUY" else -1
    account.trade(what["symbol"], sign * Fraction(what["quantity"]), Fraction(what["price"]), Fraction(what["fee"]))
    assert account.held[what["symbol"]][0] == Fraction(what["position_after"])
    at_open = what["filled_at"] == what["bar_start"]
    return (what["symbol"], Fraction(what["price_before_slippage"])) if at_open else None


@pytest.mark.parametrize("number", [pytest.param(0, marks=pytest.mark.full), *range(1, len(CORES))])
def test_the_equity_curve_is_exact(lab: Lab, number: int) -> None:
    """To the millionth at every bar; a sample counts each position rounded, so as many half millionths are allowed."""
    ran = lab.run(
        SOURCE.replace("SEED", str(number)), core=CORES[number], tuning=Tuning(block_rows=[None, 50, 7][number % 3])
    )
    assert ran.document["status"] == "complete"
    assert ran.document["fills"] > 50
    assert len(ran.document["settlements"]) <= 1
    account, closes = Account(), Closes()
    waiting = movements(ran)
    equity = ran.table("equity")
    times = [_us(time) for time in equity["time"]]
    ends = {int(end) for _, columns in MARKET.values() for end in columns.end}
    assert ends <= set(times), "a sample at every delivered bar"
    assert {entry[0] for entry in waiting} <= set(times), "and at every fill"
    assert times == sorted(times)
    for index, time in enumerate(times):
        last_of_time = index + 1 == len(times) or times[index + 1] > time
        if not last_of_time:
            continue
        mark = None
        while waiting and waiting[0][0] <= time:
            mark = apply(account, *waiting.pop(0)[1:]) or (mark if waiting and waiting[0][0] == time else None)
        expected = account.value(closes, time, mark)
        found = Fraction(equity["portfolio_value"][index])
        assert abs(found - expected) <= Fraction(3, 1_000_000), (index, time)
        assert abs(Fraction(equity["cash"][index]) - account.cash) <= Fraction(1, 1_000_000)
    check_the_end(ran, account, closes)


def check_the_end(ran: Ran, account: Account, closes: Closes) -> None:
    """Totals of the document, exact up to the twelfth decimal of a rounded cost."""
    document = ran.document
    close = Fraction(1, 10**9)
    assert abs(Fraction(document["cash"]) - account.cash) <= close
    assert abs(Fraction(document["net_trading_cash"]) - (account.cash - account.flows)) <= close
    assert abs(Fraction(document["final_value"]) - account.value(closes, 2**62)) <= close
    assert Fraction(str(document["statistics"]["fees"])) == account.fees
    held = {symbol: pair for symbol, pair in account.held.items() if pair[0] != 0}
    assert {line["symbol"] for line in document["positions"]} == set(held)
    for line in document["positions"]:
        quantity, cost = held[line["symbol"]]
        multiplier = Fraction(account.instruments[line["symbol"]].multiplier)
        assert Fraction(line["quantity"]) == abs(quantity)
        assert line["direction"] == ("LONG" if quantity > 0 else "SHORT")
        assert abs(Fraction(line["average_price"]) - cost / quantity / multiplier) <= Fraction(1, 10**10)
        assert Fraction(line["last_price"]) == closes.at(line["symbol"], 2**62)
    orders = ran.table("orders")
    fills = ran.table("fills")
    for order in orders.iter_rows(named=True):
        mine = [fill for fill in fills.iter_rows(named=True) if fill["sequence"] == order["sequence"]]
        money = sum(
            (
                (-1 if fill["side"] == "BUY" else 1)
                * Fraction(fill["quantity"])
                * Fraction(fill["price"])
                * Fraction(account.instruments[fill["symbol"]].multiplier)
                - Fraction(fill["fee"])
                for fill in mine
            ),
            Fraction(0),
        )
        assert Fraction(order["net_money"]) == money
        assert Fraction(order["filled_quantity"]) == sum((Fraction(fill["quantity"]) for fill in mine), Fraction(0))
        assert [fill["fill_number"] for fill in mine] == list(range(1, len(mine) + 1))


def test_large_numbers_do_not_overflow(tmp_path: Path) -> None:
    """Prices in billions with a scale of four, and a position worth tens of billions: beyond 64 bits on the way."""
    dear = Instrument(symbol="AAA", asset_type=AAA.asset_type, exchange="XNYS", price_scale=4, tick=AAA.tick)
    lab = Lab(tmp_path).add(dear, minute=walk("09:30", 30, first=20_000_000_000_000, step=10_000_000))
    ran = lab.run(
        """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("99999999999.999999"), order("BUY", 45)]
"""
    )
    assert ran.document["status"] == "complete", ran.codes
    last = Fraction(int(walk("09:30", 30, first=20_000_000_000_000, step=10_000_000).close[-1]), 10_000)
    first = Fraction(20_000_000_000_000, 10_000)
    expected = Fraction("99999999999.999999") - 45 * first + 45 * last
    assert Fraction(ran.document["final_value"]) == expected
    assert Fraction(ran.table("equity")["portfolio_value"][-1]) == expected


def test_fractions_of_a_share(tmp_path: Path) -> None:
    """A step of a millionth and a price of four decimals: the curve is rounded half-even, the books are not."""
    lab = Lab(tmp_path).add(replace(AAA, price_scale=4, quantity_step=Decimal("0.000001")), minute=walk("09:30", 9))
    ran = lab.run(
        """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("1000"), order("BUY", "0.000001"), order("BUY", "3.141593")]
"""
    )
    paid, closes = Fraction("3.141594"), [Fraction(int(close), 10_000) for close in walk("09:30", 9).close]
    assert Fraction(ran.document["cash"]) == 1000 - paid
    assert ran.table("fills")["quantity"].to_list() == [Decimal("0.000001"), Decimal("3.141593")]
    exact = [1000 - paid + paid * close for close in closes]
    curve = [Fraction(value) for value in ran.table("equity")["portfolio_value"][-9:]]
    assert curve == [Fraction(round(value * 1_000_000), 1_000_000) for value in exact]
    assert Fraction(ran.document["final_value"]) == exact[-1]
