"""Small stories of bars and orders that several engines run: what is placed after which bar."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.runs.lab import MINUTE, at


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order placed when bar number `after` (from 0) is complete; `side` +1 or -1. Without prices it is a MARKET.

    `closes` says that it only reduces the position (a target, a protective stop).
    """

    after: int
    side: int
    quantity: int = 10
    limit: str | None = None
    stop: str | None = None
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One story. Bars are `open high low close`; `fee` is a share of the traded value, in ten-thousandths."""

    name: str
    bars: tuple[tuple[str, str, str, str], ...]
    orders: tuple[Placed, ...]
    fee_basis_points: int = 0
    cash: int = 100_000


@dataclass(slots=True)
class Told:
    """What an engine made of a scenario: fills as (signed quantity, price) in order, and the value at the end."""

    fills: list[tuple[int, Decimal]] = field(default_factory=list)
    value: Decimal = Decimal(0)


def minute_bars(scenario: Scenario) -> list[list[int]]:
    """Rows of start, end, open, high, low, close in cents, volume: minutes from 09:30 on."""
    start = at("09:30")
    rows = []
    for number, prices in enumerate(scenario.bars):
        begin = start + number * MINUTE
        rows.append([begin, begin + MINUTE, *(int(Decimal(price) * 100) for price in prices), 1_000_000])
    return rows


def story(name: str, bars: str, *orders: Placed, fee_basis_points: int = 0) -> Scenario:
    """A scenario of bars written as text, one line each."""
    rows = []
    for line in bars.strip().splitlines():
        opened, high, low, close = line.split()
        rows.append((opened, high, low, close))
    return Scenario(name=name, bars=tuple(rows), orders=orders, fee_basis_points=fee_basis_points)


QUIET = """
100 101 99 100
100 101 99 100
"""

SCENARIOS = [
    story(
        "market orders fill at the next open",
        QUIET + "101 103 100 102\n102 104 101 103\n105 106 104 105",
        Placed(after=1, side=1),
        Placed(after=3, side=-1),
    ),
    story(
        "market orders meet gaps at the gap",
        QUIET + "110 111 109 110\n90 91 89 90\n90 91 89 90",
        Placed(after=1, side=1),
        Placed(after=2, side=-1),
    ),
    story(
        "fees are a share of the traded value",
        QUIET + "101 103 100 102\n102 104 101 103\n105 106 104 105",
        Placed(after=1, side=1),
        Placed(after=3, side=-1),
        fee_basis_points=10,
    ),
    story(
        "a limit buy that a bar trades through fills at its limit",
        QUIET + "100 101 97 98\n98 99 97 98",
        Placed(after=1, side=1, limit="98"),
    ),
    story(
        "a limit buy that the open is better than fills at the open",
        QUIET + "95 96 94 95\n95 96 94 95",
        Placed(after=1, side=1, limit="98"),
    ),
    story(
        "a limit sell rests until its price comes",
        QUIET + "100 101 99 100\n101 102 100 101\n102 105 101 104\n104 105 103 104",
        Placed(after=0, side=1),
        Placed(after=1, side=-1, limit="104", closes=True),
    ),
    story(
        "a limit that is touched and not crossed",
        QUIET + "100 101 98 99\n99 100 98.50 99\n99 100 98.50 99",
        Placed(after=1, side=1, limit="98"),
    ),
    story(
        "a stop buy inside a bar fills at its stop",
        QUIET + "100 103 99 102\n102 103 101 102",
        Placed(after=1, side=1, stop="102"),
    ),
    story(
        "a stop buy that a bar gaps over fills at the open",
        QUIET + "105 106 104 105\n105 106 104 105",
        Placed(after=1, side=1, stop="102"),
    ),
    story(
        "a protective stop that a bar gaps under fills at the open",
        QUIET + "100 101 99 100\n92 93 91 92\n92 93 91 92",
        Placed(after=0, side=1),
        Placed(after=1, side=-1, stop="97", closes=True),
    ),
    story(
        "a target and a stop in one bar",
        QUIET + "100 101 99 100\n100 106 94 100\n100 101 99 100",
        Placed(after=0, side=1),
        Placed(after=1, side=-1, limit="105", closes=True),
        Placed(after=1, side=-1, stop="95", closes=True),
    ),
    story(
        "a stop limit whose limit the gap has passed waits for it",
        QUIET + "105 106 104 105\n104 105 102 103\n103 104 102 103",
        Placed(after=1, side=1, stop="102", limit="103"),
    ),
]


def _walk(dice: Random) -> tuple[tuple[str, str, str, str], ...]:
    """A session of 380 bars around 100, with gaps between them."""
    level, rows = 10_000, []
    for _ in range(380):
        opened = level + dice.randint(-40, 40)
        close = opened + dice.randint(-60, 60)
        high, low = max(opened, close) + dice.randint(0, 30), min(opened, close) - dice.randint(0, 30)
        level = close
        a, b, c, d = (str(Decimal(price) / 100) for price in (opened, high, low, close))
        rows.append((a, b, c, d))
    return tuple(rows)


def random_trades(seed: int) -> Scenario:
    """Market orders that go in and out of a long position at random."""
    dice = Random(seed)
    bars = _walk(dice)
    orders: list[Placed] = []
    for number in range(375):
        if dice.random() < 0.2:
            orders.append(Placed(after=number, side=-1 if len(orders) % 2 else 1, quantity=50))
    fee = dice.choice([0, 5])
    return Scenario(name=f"random trades {seed}", bars=bars, orders=tuple(orders), fee_basis_points=fee)


def random_entries(seed: int) -> Scenario:
    """Buys of all types that add up to a position, at random prices around the market."""
    dice = Random(seed)
    bars = _walk(dice)
    orders: list[Placed] = []
    for number in range(1, 375, 5):
        close = Decimal(bars[number][3])
        limit, stop = (str(close + sign * Decimal(dice.randint(1, 150)) / 100) for sign in (-1, 1))
        kind = dice.choice(["market", "limit", "limit", "stop", "stop"])
        at_limit, at_stop = limit if kind == "limit" else None, stop if kind == "stop" else None
        orders.append(Placed(after=number, side=1, quantity=5, limit=at_limit, stop=at_stop))
    return Scenario(name=f"random entries {seed}", bars=bars, orders=tuple(orders))
