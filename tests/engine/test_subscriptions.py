"""Streams that come and go: rule 9 of the semantics, by name."""

from itertools import pairwise
from pathlib import Path

import pytest

from periscope.engine.backtest import Tuning
from tests.runs.lab import AAA, BBB, Lab, at, bars, future, table, walk

TELL = """
    async def on_bar(self, event):
        self.bars += 1
        say(hhmm(event.simulation_time), event.symbol, event.asset_type.value, hhmm(event.bar.timestamp))
        return self.act(hhmm(event.simulation_time), event) or []
"""


def strategy(start: str, act: str) -> str:
    """A strategy that says what it is told; `act` is the body of a function of (time, event)."""
    lines = "".join(f"        {line}\n" for line in act.splitlines())
    return (
        f"class Strategy(Base):\n    async def on_start(self, as_of_time):\n        return {start}\n{TELL}"
        f"    def act(self, time, event):\n{lines}"
    )


EVERY = [Tuning(1, 1), Tuning(7, 5), Tuning()]
END = 'UnregisterBarAction("AAA", EQUITY, Span.MINUTE)'


def told(lab: Lab, source: str) -> list[str]:
    """What is said, the same at every block size."""
    folder = lab.bundle(source)
    runs = [lab.run(folder, tuning=tuning) for tuning in EVERY]
    assert runs[0].said == runs[1].said == runs[2].said
    assert len({ran.document["hash"] for ran in runs}) == 1
    return runs[0].said


def test_from_the_next_bar_that_starts_at_or_after_now(lab: Lab) -> None:
    """Registered at 09:33 by the end of a bar, the stream begins with the bar that starts at 09:33."""
    lab.add(BBB, minute=walk("09:30", 6, first=500_000))
    found = told(lab, strategy("[register()]", "return [register('BBB', ETF)] if time == '09:33' else []"))
    assert found[:5] == [
        "09:31 AAA EQUITY 09:30",
        "09:32 AAA EQUITY 09:31",
        "09:33 AAA EQUITY 09:32",
        "09:34 AAA EQUITY 09:33",
        "09:34 BBB ETF 09:33",
    ]


def test_history_is_not_replayed_and_a_bar_under_way_is_not_delivered(lab: Lab) -> None:
    marks = [at("09:30"), at("10:00"), at("11:00"), at("12:00")]
    lab.add(AAA, hour=bars([[*pair, 100, 101, 99, 100, 5] for pair in pairwise(marks)]))
    source = strategy("[register()]", "return [register(span=Span.HOUR)] if time == '09:40' else []")
    found = told(lab, source)
    assert found[9:] == ["09:40 AAA EQUITY 09:39", "11:00 AAA EQUITY 10:00", "12:00 AAA EQUITY 11:00"]


def test_registering_twice_is_a_warning_and_changes_nothing(lab: Lab) -> None:
    ran = lab.run(strategy("[register(), register()]", "return [register()] if time == '09:32' else []"))
    assert ran.document["bars"] == 10
    issue = ran.issue("DUPLICATE_REGISTRATION")
    assert (issue["count"], issue["classification"], issue["severity"]) == (2, "user_error", "warning")
    assert ran.document["status"] == "complete"


def test_an_unknown_symbol_names_near_ones(lab: Lab) -> None:
    ran = lab.run(strategy("[register('AAB'), register()]", "return []"))
    issue = ran.issue("UNKNOWN_SYMBOL")
    assert "AAA" in issue["message"]
    assert issue["component"] == "simulation"
    assert ran.document["bars"] == 10


def test_a_symbol_of_another_asset_type_is_told_so(lab: Lab) -> None:
    ran = lab.run(strategy("[register('AAA', FUTURE), register()]", "return []"))
    assert "EQUITY" in ran.issue("UNKNOWN_SYMBOL")["message"]


def test_a_span_that_is_not_there_names_what_is(lab: Lab) -> None:
    ran = lab.run(strategy("[register(span=Span.SECOND), register()]", "return []"))
    message = ran.issue("SPAN_NOT_AVAILABLE")["message"]
    assert "minute" in message
    assert "2024-01-22" in message


def test_quotes_are_disabled(lab: Lab) -> None:
    quote = "RegisterSecurityAction(QuoteRegistrationRequest('AAA', EQUITY, QuoteTimeSpan.SECOND))"
    ran = lab.run(strategy(f"[{quote}, UnregisterQuoteAction('AAA', EQUITY), register()]", "return []"))
    assert ran.issue("QUOTES_DISABLED")["count"] == 2
    assert ran.document["bars"] == 10


def test_nothing_registered_ends_with_its_own_exit_code(lab: Lab) -> None:
    ran = lab.run(strategy("[]", "return []"))
    assert (ran.document["status"], ran.exit_code, ran.codes[0]) == ("complete", 5, "NO_BARS_DELIVERED")


def test_no_data_in_the_window(lab: Lab) -> None:
    ran = lab.run(strategy("[register()]", "return []"), start="2024-01-23 09:30", end="2024-01-23 16:00")
    assert ran.exit_code == 5
    assert "SPAN_NOT_AVAILABLE" in ran.codes or "NO_BARS_DELIVERED" in ran.codes
    assert any("2024-01-22" in issue["message"] for issue in ran.document["issues"])


def test_unregistering_in_mid_block(lab: Lab) -> None:
    found = told(lab, strategy("[register()]", f"return [{END}] if time == '09:33' else []"))
    assert [line[:5] for line in found] == ["09:31", "09:32", "09:33"]


def test_unregistering_what_is_not_registered(lab: Lab) -> None:
    ran = lab.run(strategy("[register()]", f"return [{END}, {END}] if time == '09:33' else []"))
    assert (ran.document["bars"], ran.issue("NOT_REGISTERED")["count"]) == (3, 1)


def test_registering_again_after_unregistering(lab: Lab) -> None:
    """In one reply nothing is lost; later, what was in between is."""
    at_once = told(lab, strategy("[register()]", f"return [{END}, register()] if time == '09:33' else []"))
    assert len(at_once) == 10
    act = f"return [{END}] if time == '09:33' else []"
    later = strategy("[register(), RegisterTimeStepAction(390)]", act)
    later += "    async def on_timer(self, event):\n        return [register()]\n"
    found = told(lab, later)
    assert [line[:5] for line in found] == ["09:31", "09:32", "09:33", "09:38", "09:39", "09:40"]


def test_the_last_stream_goes_and_another_comes(lab: Lab) -> None:
    """With no stream left there are blocks without rows."""
    lab.add(BBB, minute=walk("10:00", 3, first=500_000))
    source = strategy("[register(), RegisterTimeStepAction(600)]", f"return [{END}] if time == '09:32' else []")
    source += "    async def on_timer(self, event):\n        return [register('BBB', ETF)] if self.bars == 2 else []\n"
    found = told(lab, source)
    assert [line[:9] for line in found] == ["09:31 AAA", "09:32 AAA", "10:01 BBB", "10:02 BBB", "10:03 BBB"]


def test_an_etf_answers_to_equity_as_registered(lab: Lab) -> None:
    lab.add(BBB, minute=walk("09:30", 2, first=500_000))
    found = told(lab, strategy("[register('BBB', EQUITY), register('BBB', ETF)]", "return []"))
    assert found == ["09:31 BBB EQUITY 09:30", "09:31 BBB ETF 09:30", "09:32 BBB EQUITY 09:31", "09:32 BBB ETF 09:31"]


def test_an_expired_contract_cannot_be_registered(lab: Lab) -> None:
    lab.add(future("XXF4", "09:35"), minute=walk("09:30", 5))
    ran = lab.run(strategy("[register()]", "return [register('XXF4', FUTURE)] if time == '09:35' else []"))
    assert ran.issue("EXPIRED_INSTRUMENT")["first"] == "2024-01-22T14:35:00Z"


@pytest.mark.parametrize(("hours", "expected"), [("regular", 4), ("extended", 9)])
def test_hours_decide_which_bars_are_there(lab: Lab, hours: str, expected: int) -> None:
    """Before the open, two minutes on either side of the close."""
    lab.add(
        BBB,
        minute=table(
            """
        08:00 50 50 50 50 10
        09:28 50 50 50 50 10
        09:29 50 50 50 50 10
        09:30 50 50 50 50 10
        09:31 50 50 50 50 10
        15:58 50 50 50 50 10
        15:59 50 50 50 50 10
        16:00 50 50 50 50 10
        19:59 50 50 50 50 10
        20:00 50 50 50 50 10
    """,
            scale=4,
        ),
    )
    ran = lab.run(strategy("[register('BBB', ETF)]", "return []"), start="00:00", end="23:59", core={"hours": hours})
    assert ran.document["bars"] == expected
    assert ran.document["models"]["hours"] == hours


def test_the_window_holds_bars_that_lie_inside_it_wholly(lab: Lab) -> None:
    ran = lab.run(strategy("[register()]", "return []"), start="09:31:30", end="09:35:30")
    assert [line[:5] for line in ran.said] == ["09:33", "09:34", "09:35"]


def test_hours_are_made_of_minutes_where_there_are_no_hours(tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(AAA, minute=walk("09:30", 390))
    ran = lab.run(strategy("[register(span=Span.HOUR), register(span=Span.DAY), register()]", "return []"))
    assert ran.document["bars"] == 390 + 7 + 1
    found = {(line["span"], line["resampled_from"], line["bars"]) for line in ran.document["data"]}
    assert found == {("minute", None, 390), ("hour", "minute", 7), ("day", "minute", 1)}
    assert all(line["files"] for line in ran.document["data"])
    issue = ran.issue("BARS_RESAMPLED")
    assert (issue["count"], issue["severity"]) == (2, "note")
