"""The end of a run: `on_stop` may ask and not act, and knows what time it is."""

from tests.runs.lab import Lab, future, line_of, walk

START = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash(100000), order("BUY", 3)]
"""


def test_on_stop_may_ask_for_front_months_and_positions(lab: Lab) -> None:
    lab.add(future("XXH4", None), minute=walk("2024-01-19 10:00", 5))
    ran = lab.run(
        START
        + """
    async def on_stop(self):
        held = await self.data.get_position_by_symbol("AAA", EQUITY)
        front = await self.data.get_front_month_contract_by_volume("XX")
        say(hhmm(self.simulation_time), front, held.net_contract_quantity)
"""
    )
    assert ran.document["status"] == "complete", ran.codes
    assert ran.said == ["16:00 XXH4 3"]


def test_on_stop_may_ask_after_timers_alone(lab: Lab) -> None:
    ran = lab.run(
        """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [RegisterTimeStepAction(3600)]
    async def on_stop(self):
        try:
            await self.data.get_front_month_contract_by_volume("NOPE")
        except LookupError as error:
            say(error)
"""
    )
    assert ran.exit_code == 5
    assert len(ran.said) == 1
    assert "NOPE" in ran.said[0]


def test_an_exception_in_on_stop_ends_the_run_in_error(lab: Lab) -> None:
    folder = lab.bundle(START + "    async def on_stop(self):\n        raise ValueError('late')  # HERE\n")
    ran = lab.run(folder)
    assert (ran.document["status"], ran.exit_code, ran.document["bars"]) == ("error", 4, 390)
    issue = ran.issue("STRATEGY_EXCEPTION")
    assert issue["location"] == {"file": "strategy.py", "line": line_of(folder), "function": "on_stop"}
    assert issue["first"] == "2024-01-22T21:00:00Z"


def test_what_on_stop_returns_is_no_action(lab: Lab) -> None:
    ran = lab.run(START + "    async def on_stop(self):\n        return [cash(5)]\n")
    assert (ran.document["status"], ran.document["cash_flows"]) == ("complete", ran.document["cash_flows"][:1])


def test_a_run_that_is_stopped_says_goodbye_where_it_stood(lab: Lab) -> None:
    ran = lab.run(
        START + "    async def on_stop(self):\n        say(self.simulation_time.isoformat())\n",
        progress=lambda progress: False,
    )
    assert (ran.document["status"], ran.exit_code) == ("stopped", 0)
    assert len(ran.said) == 1
    assert 0 < ran.document["bars"] < 390


def test_an_ended_stream_does_not_confuse_the_counts(lab: Lab) -> None:
    """Rows of a stream that was ended in mid-block are counted, also while a timer asks or fails."""
    source = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), RegisterTimeStepAction(600)]
    async def on_bar(self, event):
        self.bars += 1
        return [UnregisterBarAction("AAA", EQUITY, Span.MINUTE)] if self.bars == 3 else []
    async def on_timer(self, event):
        try:
            await self.data.get_front_month_contract_by_volume("NOPE")
        except LookupError:
            say(hhmm(event.simulation_time))
        if hhmm(event.simulation_time) == "10:10":
            raise ValueError("enough")
        return []
"""
    ran = lab.run(source)
    assert ran.said == ["09:40", "09:50", "10:00", "10:10"]
    assert ran.issue("STRATEGY_EXCEPTION")["first"] == "2024-01-22T15:10:00Z"
    assert ran.document["bars"] == 3
