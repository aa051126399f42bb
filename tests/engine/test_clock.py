"""Timers, expirations, the order of what falls on one instant, and the questions that a strategy may ask."""

import pytest

from periscope.engine.backtest import Tuning
from tests.runs.lab import AAA, BBB, HOUR, Lab, at, bars, future, walk

EVERY = [Tuning(1, 1), Tuning(7, 5), Tuning()]

TELL = """
    async def on_bar(self, event):
        self.bars += 1
        say(hhmm(event.simulation_time), "bar", event.symbol, (event.simulation_time - event.bar.timestamp).seconds)
        return self.act(hhmm(event.simulation_time), "bar", event) or []
    async def on_timer(self, event):
        say(hhmm(event.simulation_time), event.timer_id)
        return self.act(hhmm(event.simulation_time), "timer", event) or []
    async def on_expiration(self, event):
        say(hhmm(event.simulation_time), "expired", event.symbol, event.asset_type.value)
        return self.act(hhmm(event.simulation_time), "expiration", event) or []
    async def on_order_update(self, event):
        assert event.updated_at == event.simulation_time == self.simulation_time
        say(hhmm(event.simulation_time), event.symbol, event.order_state.value, event.cumulative_quantity_filled)
        return self.act(hhmm(event.simulation_time), "update", event) or []
"""


def strategy(start: str, act: str = "return []") -> str:
    """A strategy that says what it is told; `act` is the body of a function of (time, kind, event)."""
    lines = "".join(f"        {line}\n" for line in act.splitlines())
    return (
        f"class Strategy(Base):\n    async def on_start(self, as_of_time):\n        return {start}\n{TELL}"
        f"    def act(self, time, kind, event):\n{lines}"
    )


def told(lab: Lab, source: str, *, start: str = "09:30", end: str = "16:00", in_process: bool = True) -> list[str]:
    """What is said, the same at every block size."""
    folder = lab.bundle(source)
    runs = [lab.run(folder, tuning=tuning, start=start, end=end, in_process=in_process) for tuning in EVERY]
    assert runs[0].document["status"] == "complete", runs[0].document["issues"]
    assert runs[0].said == runs[1].said == runs[2].said
    assert len({ran.document["hash"] for ran in runs}) == 1
    return runs[0].said


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("60", ["09:31", "09:32", "09:33", "09:34", "09:35"]),
        ("100.0", ["09:31:40", "09:33:20", "09:35"]),
        ("0.1 * 700", ["09:31:10", "09:32:20", "09:33:30", "09:34:40"]),
        ("33.3333333", ["09:30:33.333333", "09:31:06.666667", "09:31:40", "09:32:13.333333"]),
        ("D('59.9999995')", ["09:31", "09:31:59.999999", "09:32:59.999999", "09:33:59.999998"]),
        ("299.999", ["09:34:59.999000"]),
        ("300.001", []),
    ],
)
def test_the_kth_firing_is_at_exactly_k_steps(lab: Lab, step: str, expected: list[str]) -> None:
    """Also off the grid of the bars, rounded to the microsecond half-up and never adding up errors."""
    source = strategy(f"[register(), RegisterTimeStepAction({step})]")
    found = [line.split()[0] for line in told(lab, source, end="09:35") if line.endswith("time_step")]
    assert found[: len(expected)] == expected
    assert len(found) == len(expected) or len(expected) == 4


def test_a_fine_timer_does_not_drift(lab: Lab) -> None:
    """At a tenth of a second, which no binary float holds, firing 6,000 is ten minutes later to the microsecond."""
    act = """\
self.count = getattr(self, 'count', 0) + (kind == 'timer')
if self.count == 6000:
    print(event.simulation_time)"""
    source = strategy("[register(), RegisterTimeStepAction(0.1)]", act).replace(
        "say(hhmm(event.simulation_time), event.timer_id)", "pass"
    )
    assert "2024-01-22 14:40:00+00:00" in lab.run(source, end="09:41").said


def test_registering_again_replaces_the_timer(lab: Lab) -> None:
    act = "return [RegisterTimeStepAction(120)] if time == '09:32' and kind == 'timer' else []"
    found = told(lab, strategy("[register(), RegisterTimeStepAction(60)]", act), end="09:38")
    assert [line[:5] for line in found if "time_step" in line] == ["09:31", "09:32", "09:34", "09:36", "09:38"]


def test_timers_fire_in_and_out_of_sessions(lab: Lab) -> None:
    source = strategy("[register(), RegisterTimeStepAction(6 * 3600)]")
    found = [
        line for line in told(lab, source, start="2024-01-20 06:00", end="2024-01-23 00:00") if "time_step" in line
    ]
    assert len(found) == 11
    assert found[0].startswith("12:00")


BUSY = """\
if time == '09:35' and kind == 'bar' and self.bars == 5:
    return []
return []"""


def test_the_order_of_one_instant(lab: Lab) -> None:
    """At 09:35: a fill inside the bar, an order's end, bars (finer first, then as registered), an expiry, the timer.

    Then the acknowledgement of what the timer ordered, and its fill at the open.
    """
    lab.add(
        BBB,
        minute=walk("09:30", 10, first=500_000),
        hour=bars([[at("09:30"), at("09:35"), 500_000, 500_900, 499_000, 500_000, 9]]),
    )
    lab.add(future("XXF4", "09:35"), minute=walk("09:30", 5, first=480_000, step=25))
    source = strategy(
        "[register('BBB', ETF, Span.HOUR), register('XXF4', FUTURE), register(), register('BBB', ETF), cash(1000000),"
        " RegisterTimeStepAction(300)]",
        """\
if time == '09:34' and kind == 'bar' and event.symbol == 'BBB':
    return [stop('BUY', 1, '100.09'), limit('BUY', 1, 9000, 'XXF4', FUTURE, time_in_force=TimeInForce.DAY),
            limit('BUY', 1, 4000, 'XXF4', FUTURE)]
if time == '09:35' and kind == 'timer':
    return [order('BUY', 2)]""",
    )
    found = [line for line in told(lab, source, in_process=False) if line.startswith("09:35")]
    assert found == [
        "09:35 AAA FILLED 1",
        "09:35 XXF4 EXPIRED 0",
        "09:35 bar XXF4 60",
        "09:35 bar AAA 60",
        "09:35 bar BBB 60",
        "09:35 bar BBB 300",
        "09:35 expired XXF4 FUTURE",
        "09:35 time_step",
        "09:35 AAA WORKING 0",
        "09:35 AAA FILLED 2",
    ]


def test_first_updates_come_before_anything_else_and_in_order(lab: Lab) -> None:
    act = """\
if kind == 'bar' and self.bars == 2:
    return [order('BUY', 1), order('SELL_TO_CLOSE', 5), limit('BUY', 1, 1), order('BUY', 0)]"""
    found = [line for line in told(lab, strategy("[register(), cash(10000)]", act)) if line.startswith("09:32")]
    assert found == [
        "09:32 bar AAA 60",
        "09:32 AAA WORKING 0",
        "09:32 AAA REJECTED 0",
        "09:32 AAA WORKING 0",
        "09:32 AAA REJECTED 0",
        "09:32 AAA FILLED 1",
    ]


EXPIRING = """[
    register('XXF4', FUTURE), register(), cash(100000),
    order('BUY', 2, 'XXF4', FUTURE), limit('BUY', 1, 1, 'XXF4', FUTURE),
]"""


@pytest.fixture
def futures(lab: Lab) -> Lab:
    """A contract that stops trading in the middle of a minute of AAA."""
    return lab.add(future("XXF4", "09:35:30"), minute=walk("09:30", 5, first=480_000, step=25))


def test_an_expiry(futures: Lab) -> None:
    """Orders expire, the position is closed in cash at the last price without a fee, the registration ends."""
    ran = futures.run(strategy(EXPIRING), core={"fees": {"per_contract": "2"}})
    assert [line for line in ran.said if line.startswith("09:35:30")] == [
        "09:35:30 XXF4 EXPIRED 0",
        "09:35:30 expired XXF4 FUTURE",
    ]
    settled = ran.document["settlements"]
    assert [(line["time"], line["symbol"], line["quantity"]) for line in settled] == [
        ("2024-01-22T14:35:30Z", "XXF4", "-2")
    ]
    last = int(walk("09:30", 5, first=480_000, step=25).close[-1]) / 100
    assert float(settled[0]["price"]) == last
    assert ran.document["positions"] == []
    assert float(ran.document["cash"]) == 100_000 - 4 + (last - 4800) * 2 * 50
    assert (ran.document["open_orders"], ran.document["bars"]) == (0, 15)


def test_an_expiry_without_registration_is_silent_and_still_settles(futures: Lab) -> None:
    act = """\
if time == '09:33' and kind == 'bar' and event.symbol == 'XXF4':
    return [UnregisterBarAction('XXF4', FUTURE, Span.MINUTE)]"""
    source = strategy(EXPIRING, act)
    source += """
    async def on_stop(self):
        say("held", await self.data.get_position_by_symbol("XXF4", FUTURE))
"""
    found = told(futures, source)
    assert [line for line in found if line.startswith("09:35:30")] == ["09:35:30 XXF4 EXPIRED 0"]
    assert found[-1] == "held None"


def test_the_position_is_gone_when_the_expiration_is_told(futures: Lab) -> None:
    """And for whoever asks later, also when only the position told of the contract."""
    source = strategy(EXPIRING).replace(
        '        return self.act(hhmm(event.simulation_time), "expiration", event) or []\n',
        "        say(await self.data.get_position_by_symbol('XXF4', FUTURE))\n"
        "        return [order('BUY', 1, 'XXF4', FUTURE)]\n",
    )
    ran = futures.run(source)
    assert "None" in ran.said
    assert "EXPIRED_INSTRUMENT" in ran.codes


def test_an_expiry_before_the_start_and_after_the_end_is_none(lab: Lab) -> None:
    lab.add(future("XXF4", "09:30"), minute=walk("09:20", 10))
    lab.add(future("XXG4", "16:00:00.000001"), minute=walk("09:30", 5, first=480_000, step=25))
    found = told(lab, strategy("[register('XXF4', FUTURE), register('XXG4', FUTURE)]"))
    assert not any("expired" in line for line in found)
    assert len(found) == 5


ASK = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        assert self.simulation_time == as_of_time
        return [register(), cash(100000), order("BUY", 3), register("XXH4", FUTURE)]
    async def ask(self, *words):
        try:
            say(hhmm(self.simulation_time), await self.data.get_front_month_contract_by_volume(*words))
        except (ValueError, LookupError, TypeError) as error:
            say(hhmm(self.simulation_time), type(error).__name__)
    async def on_order_update(self, event):
        held = await self.data.get_position_by_symbol("AAA", EQUITY)
        say(event.order_state.value, held and (held.net_contract_quantity, held.direction.value, held.average_price))
        return []
    async def on_bar(self, event):
        self.bars += 1
        if event.symbol == "AAA" and self.bars < 4:
            for words in QUESTIONS:
                await self.ask(*words(self.simulation_time))
        return []
"""


@pytest.fixture
def rolls(lab: Lab) -> Lab:
    """Two contracts; the volume is in the first on Thursday, in the second from Friday on."""
    days = ["2024-01-17 18:00", "2024-01-18 18:00"]
    for symbol, volumes in (("XXH4", (500, 100)), ("XXM4", (400, 300))):
        rows = [
            [at(day), at(day) + 23 * HOUR, 480_000, 481_000, 479_000, 480_500, volume]
            for day, volume in zip(days, volumes, strict=True)
        ]
        lab.add(future(symbol, None), day=bars(rows), minute=walk("09:30", 3, first=480_000, step=25))
    return lab


def test_questions_about_the_front_month(rolls: Lab) -> None:
    questions = """[
        lambda now: ("XX",),
        lambda now: ("XX", now),
        lambda now: ("XX", now - timedelta(days=3, hours=15)),
        lambda now: ("XX", now - timedelta(days=30)),
        lambda now: ("XX", now + timedelta(microseconds=1)),
        lambda now: ("XX", datetime(2024, 1, 19)),
        lambda now: ("XX", (now - timedelta(hours=1)).astimezone(__import__("zoneinfo").ZoneInfo("Asia/Tokyo"))),
        lambda now: ("NOPE",),
        lambda now: ("",),
        lambda now: (None,),
    ]"""
    found = told(rolls, ASK.replace("QUESTIONS", questions))
    expected = [
        "XXM4",
        "XXM4",
        "XXH4",
        "LookupError",
        "ValueError",
        "ValueError",
        "XXM4",
        "LookupError",
        "LookupError",
        "TypeError",
    ]
    assert [line for line in found if line.startswith("09:31")] == [f"09:31 {answer}" for answer in expected]
    assert [line for line in found if line.startswith("09:32")] == [f"09:32 {answer}" for answer in expected]


def test_positions_are_as_of_the_event(rolls: Lab) -> None:
    """The first update tells of no position yet; the fill's own update of the one that it made."""
    found = told(rolls, ASK.replace("QUESTIONS", "[]"))
    assert found == ["WORKING None", "FILLED (Decimal('3'), 'LONG', Decimal('100'))"]


def test_the_clock_before_the_start(lab: Lab) -> None:
    source = """
class Strategy(Base):
    def __init__(self, data, config):
        try:
            self.simulation_time
        except RuntimeError as error:
            say(error)
        self.data = data
    async def on_start(self, as_of_time):
        say(self.simulation_time, as_of_time, as_of_time.tzinfo)
        return []
"""
    found = lab.run(source).said
    assert "on_start" in found[0]
    assert found[1] == "2024-01-22 14:30:00+00:00 2024-01-22 14:30:00+00:00 UTC"


def test_an_execution_span_can_be_named(lab: Lab) -> None:
    """Orders meet the bars of that span, registered or not; the result names it."""
    lab.add(AAA, hour=bars([[at("09:30"), at("10:00"), 20_000, 20_100, 19_900, 20_050, 9]]))
    source = strategy("[register(), cash(100000), order('BUY', 1)]")
    for core, price, span in (({}, 100, "minute"), ({"execution_span": "hour"}, 200, "hour")):
        ran = lab.run(source, core=core)
        assert ran.table("fills")["price"].to_list() == [price]
        assert ran.document["models"]["execution"] == {"AAA": span}


def test_an_order_at_the_end_stays_open(lab: Lab) -> None:
    act = "if kind == 'bar' and self.bars == 10: return [order('BUY', 1), limit('BUY', 1, 5)]"
    ran = lab.run(strategy("[register(), cash(100000)]", act))
    assert (ran.document["open_orders"], ran.document["orders"], ran.document["fills"]) == (2, 2, 0)
    assert ran.table("orders")["state"].to_list() == ["WORKING", "WORKING"]
    assert ran.table("orders")["closed_at"].to_list() == [None, None]
