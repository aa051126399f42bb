"""Issues: counted rather than repeated, with ids that stay, and a catalogue that is complete."""

import re

import pytest

from periscope.runs import issues
from periscope.runs.analysis_codes import ANALYSIS_CODES
from periscope.runs.issues import ISSUE_CODES, Classification, Component, IssueLog, Location, Severity
from periscope.runs.simulation_codes import SIMULATION_CODES
from periscope.runs.strategy_codes import STRATEGY_CODES

SECOND = 1_000_000


def test_repeats_are_counted_with_first_and_last_time() -> None:
    log = IssueLog()
    log.add("OUT_OF_CASH", 1 * SECOND, "order 1: missing 10", subject="SPY")
    log.add("OUT_OF_CASH", 2 * SECOND, "order 2: missing 20", subject="SPY")
    log.add("OUT_OF_CASH", 3 * SECOND, "order 3: missing 30", subject="AAPL")
    first, second = log.to_json()
    assert (first["count"], first["first"], first["last"]) == (2, "1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z")
    assert first["message"] == "order 1: missing 10"
    assert (second["count"], second["message"]) == (1, "order 3: missing 30")


def test_an_issue_has_the_documented_keys() -> None:
    log = IssueLog()
    log.add("STRATEGY_EXCEPTION", 1_500_000, "on_bar: boom", location=Location("strategy.py", 31, "on_bar"))
    (found,) = log.to_json()
    assert re.fullmatch(r"[0-9a-f]{16}", found.pop("id"))
    assert found == {
        "component": "strategy",
        "classification": "user_error",
        "severity": "fatal",
        "code": "STRATEGY_EXCEPTION",
        "message": "on_bar: boom",
        "count": 1,
        "first": "1970-01-01T00:00:01.500000Z",
        "last": "1970-01-01T00:00:01.500000Z",
        "location": {"file": "strategy.py", "line": 31, "function": "on_bar"},
    }


def test_the_id_depends_on_code_subject_and_location_only() -> None:
    one, other = IssueLog(), IssueLog()
    other.add("QUOTES_DISABLED", 0, "another issue first")
    place = Location("helper.py", 3, "decide")
    first = one.add("NOT_REGISTERED", 5, "text", subject="SPY", location=place)
    assert first.id == other.add("NOT_REGISTERED", 99, "other text", subject="SPY", location=place).id
    assert first.id != other.add("NOT_REGISTERED", 99, "other text", subject="SPY").id
    assert first.id != other.add("NOT_REGISTERED", 99, "other text", subject="QQQ", location=place).id


def test_an_issue_before_the_simulation_has_no_time_and_gets_one_later() -> None:
    log = IssueLog()
    issue = log.add("STRATEGY_OUTPUT_LIMIT", None)
    assert (issue.first, issue.last) == (None, None)
    assert issue.message == ISSUE_CODES["STRATEGY_OUTPUT_LIMIT"].cause
    log.add("STRATEGY_OUTPUT_LIMIT", SECOND)
    log.add("STRATEGY_OUTPUT_LIMIT", None)
    assert (issue.first, issue.last, issue.count) == (SECOND, SECOND, 3)


def test_what_ended_the_run_comes_first() -> None:
    log = IssueLog()
    log.add("QUOTES_DISABLED", 0)
    log.add("HANDLER_TIMEOUT", SECOND)
    assert [issue["code"] for issue in log.to_json()] == ["HANDLER_TIMEOUT", "QUOTES_DISABLED"]
    assert log.fatal is not None
    assert log.fatal.kind.code == "HANDLER_TIMEOUT"


def test_the_number_of_issues_and_their_length_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issues, "MAX_DISTINCT_ISSUES", 3)
    log = IssueLog()
    for number in range(10):
        log.add("UNKNOWN_SYMBOL", number, "x" * 10_000, subject=f"S{number}")
    log.add("UNKNOWN_SYMBOL", 11, subject="S1")
    assert [(issue["code"], issue["count"]) for issue in log.to_json()] == [
        ("UNKNOWN_SYMBOL", 1),
        ("UNKNOWN_SYMBOL", 2),
        ("UNKNOWN_SYMBOL", 1),
        ("ISSUES_CUT", 7),
    ]
    assert all(len(issue["message"]) <= issues.MAX_MESSAGE_CHARACTERS for issue in log.to_json())


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        IssueLog().add("SOMETHING_ELSE", 0)


def test_every_code_is_well_formed_and_has_cause_example_and_mend() -> None:
    entries = (*STRATEGY_CODES, *SIMULATION_CODES, *ANALYSIS_CODES)
    assert len(entries) == len(ISSUE_CODES), "a code stands twice in the catalogue"
    for code, entry in ISSUE_CODES.items():
        assert re.fullmatch(r"[A-Z][A-Z_]*[A-Z]", code)
        assert entry.cause.endswith("."), code
        assert entry.example, code
        assert not entry.example.endswith("."), code
        assert entry.mend.endswith((".", "?")), code
        if entry.classification is Classification.SYSTEM_ERROR:
            assert (entry.component, entry.severity) == (Component.SIMULATION, Severity.FATAL)
