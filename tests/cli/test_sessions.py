"""`periscope sessions` as a user types it: output, JSON, exit codes."""

from typing import Any

import pytest

from periscope.instruments.hours import TABLES
from tests.cli.command import Command


@pytest.fixture
def ask(periscope_command: Command) -> Any:
    def run(*words: str, code: int = 0) -> Any:
        outcome = periscope_command("sessions", *words, "--json")
        assert outcome.code == code, outcome.err
        return outcome.json

    return run


def test_a_day_in_exchange_time_and_utc(ask: Any) -> None:
    document = ask("CME", "2013-12-02")
    assert (document["exchange"], document["zone"], document["hours"]) == ("CME", "America/Chicago", "regular")
    assert document["days"] == [
        {
            "day": "2013-12-02",
            "weekday": "Monday",
            "kind": "regular",
            "reason": None,
            "open": "2013-12-01T17:00:00-06:00",
            "open_utc": "2013-12-01T23:00:00Z",
            "close": "2013-12-02T16:15:00-06:00",
            "close_utc": "2013-12-02T22:15:00Z",
            "breaks": [
                {
                    "start": "2013-12-02T15:15:00-06:00",
                    "start_utc": "2013-12-02T21:15:00Z",
                    "end": "2013-12-02T15:30:00-06:00",
                    "end_utc": "2013-12-02T21:30:00Z",
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("exchange", "day", "kind", "reason"),
    [
        ("CME", "2013-11-28", "holiday_stub", "Thanksgiving (CME Globex Equity)"),
        ("CME", "2013-11-29", "early_close", "Thanksgiving (CME Globex Equity)"),
        ("CME", "2025-01-09", "holiday_stub", "Day of mourning for President Carter"),
        ("XNYS", "2013-11-28", "closed", "Thanksgiving (NYSE)"),
        ("XNYS", "2001-09-17", "late_open", "Moment of silence"),
        ("XNYS", "2013-11-30", "weekend", None),
        ("XLON", "2022-09-19", "closed", "LSE"),  # listed by the library without a name
        ("CBOT_GRAINS", "2016-11-25", "early_close", "No evening session after the holiday"),
    ],
)
def test_kinds_of_days(ask: Any, exchange: str, day: str, kind: str, reason: str | None) -> None:
    [found] = ask(exchange, day)["days"]
    assert found["kind"] == kind
    assert (reason is None and found["reason"] is None) or reason in found["reason"]
    assert (found["open"] is None) is (kind in {"closed", "weekend"})


def test_several_days_over_a_change_of_clocks(ask: Any) -> None:
    days = ask("xnas", "2024-03-08", "2024-03-11")["days"]
    assert [(each["day"], each["open_utc"]) for each in days] == [
        ("2024-03-08", "2024-03-08T14:30:00Z"),
        ("2024-03-09", None),
        ("2024-03-10", None),
        ("2024-03-11", "2024-03-11T13:30:00Z"),
    ]


def test_extended_hours(ask: Any, periscope_command: Command) -> None:
    [regular], [extended] = ask("XNYS", "2024-07-03")["days"], ask("XNYS", "2024-07-03", "--extended")["days"]
    assert (regular["open_utc"], regular["close_utc"]) == ("2024-07-03T13:30:00Z", "2024-07-03T17:00:00Z")
    assert (extended["open_utc"], extended["close_utc"]) == ("2024-07-03T08:00:00Z", "2024-07-03T21:00:00Z")
    outcome = periscope_command("sessions", "CME", "2024-07-03", "--extended")
    assert "CME has no extended hours" in outcome.err
    assert "regular hours" in outcome.out


def test_for_people(periscope_command: Command) -> None:
    outcome = periscope_command("sessions", "CME", "2013-11-27", "2013-12-02")
    assert (outcome.code, outcome.err) == (0, "")
    title, head, *rows = outcome.out.splitlines()
    assert title == "CME: CME and CBOT equity index futures, regular hours, America/Chicago time"
    assert head.split()[:3] == ["day", "kind", "opens"]
    assert [row.split("  ")[0] for row in rows] == [
        "2013-11-27 Wed",
        "2013-11-28 Thu",
        "2013-11-29 Fri",
        "2013-12-02 Mon",
    ]
    assert "holiday stub  Wed 17:00  Thu 10:30" in rows[1]
    assert "Sun 17:00  Mon 16:15  15:15-15:30  2013-12-01T23:00:00Z  2013-12-02T22:15:00Z" in rows[3]
    assert periscope_command("sessions", "XNYS", "2013-11-30", "2013-12-01").out.endswith("a weekend: no session\n")


def test_the_rules_of_a_table_with_their_sources(ask: Any, periscope_command: Command) -> None:
    document = ask("NYMEX")
    assert document["codes"] == ["COMEX", "NYMEX"]
    assert (document["first_day"], document["last_day"]) == ("2015-09-21", "2026-12-31")
    assert ask("CBOT_GRAINS")["rules"][0]["breaks"] == [{"starts": "07:45", "ends": "08:30", "day_before": False}]
    assert all(rule["source"] for rule in ask("CME")["rules"])
    shown = periscope_command("sessions", "CME").out
    assert "15:30 the day before, 17:00 after a closure" in shown
    assert "01:10 in winter, an hour later in summer" in periscope_command("sessions", "EUREX", "--extended").out


def test_all_codes(ask: Any, periscope_command: Command) -> None:
    tables = ask()["exchanges"]
    assert len(tables) == len(TABLES)
    assert {"codes": ["ARCX", "BATS", "US", "XNAS", "XNYS"], "extended": True}.items() <= tables[0].items()
    assert "CBOT grain and oilseed futures" in periscope_command("sessions").out


@pytest.mark.parametrize(
    ("words", "code", "name", "text"),
    [
        (["NYSE", "2024-05-14"], 6, "UNKNOWN_EXCHANGE", "did you mean XNYS"),
        (["CBOT"], 6, "UNKNOWN_EXCHANGE", "CBOT_GRAINS"),
        (["XTKS"], 6, "UNKNOWN_EXCHANGE", "lists all"),
        (["CME", "2028-01-03"], 5, "OUTSIDE_SESSION_TABLE", "periscope sessions CME"),
        (["CME", "1997-12-31", "1998-01-05"], 5, "OUTSIDE_SESSION_TABLE", "periscope sessions CME"),
        (["CME", "tomorrow"], 2, "USAGE", "--help"),
        (["CME", "2013-02-30"], 2, "USAGE", "--help"),
        (["CME", "2013-12-02", "2013-12-01"], 2, "USAGE", "--help"),
        (["CME", "2013-12-02", "2013-12-03", "2013-12-04"], 2, "USAGE", "--help"),
    ],
)
def test_refusals(ask: Any, words: list[str], code: int, name: str, text: str) -> None:
    error = ask(*words, code=code)["error"]
    assert (error["code"], error["exit_code"]) == (name, code)
    assert text in error["try"]
    if name == "UNKNOWN_EXCHANGE":
        assert "known codes: ARCX, BATS, CBOT_GRAINS" in error["message"]
