"""`periscope data check`, `instruments rolls` and `data show --continuous` as a user types them."""

import json
from pathlib import Path

import pytest

from periscope.market.quality.rules import RULES
from tests.cli.command import Command

HOLE = {"MISSING_DAYS", "LATE_START", "EARLY_END"}
"""What GAMA's minutes lack on purpose."""


@pytest.fixture
def sample(sample_market: Path) -> str:
    return str(sample_market)


def test_clean_series_end_with_zero(periscope_command: Command, sample: str) -> None:
    done = periscope_command("data", "check", "ALFA", "sxz23", "--catalog", sample)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("4 series, ")
    assert done.out.endswith(" bars: 4 clean, no problems, no notes\n")


def test_problems_end_with_five_and_say_what_to_do(periscope_command: Command, sample: str) -> None:
    done = periscope_command("data", "check", "--catalog", sample)
    assert done.code == 5
    lines = done.out.splitlines()
    assert lines[0].split() == ["severity", "code", "symbol", "span", "data", "count", "first", "example"]
    assert {line.split()[1] for line in lines[1:4]} == HOLE
    assert lines[-1].endswith("15 clean, 3 problems, no notes")
    assert RULES["LATE_START"].mend in done.err


def test_json_has_every_series_and_finding(periscope_command: Command, sample: str) -> None:
    done = periscope_command("data", "check", "GAMA", "--span", "minute", "--catalog", sample, "--json")
    assert (done.code, done.err) == (5, "")
    (series,) = done.json["series"]
    assert (series["symbol"], series["span"], series["first"]) == ("GAMA", "minute", "2023-10-02T13:30:00Z")
    assert {found["code"] for found in series["findings"]} == HOLE
    missing = next(found for found in series["findings"] if found["code"] == "MISSING_DAYS")
    assert missing == {
        "code": "MISSING_DAYS",
        "severity": "problem",
        "symbol": "GAMA",
        "asset_type": "EQUITY",
        "span": "minute",
        "data": "bars",
        "first": "2023-11-09T14:30:00Z",
        "count": 1,
        "counts": "trading days",
        "example": "no bar on 2023-11-09",
        "meaning": RULES["MISSING_DAYS"].what,
        "mend": RULES["MISSING_DAYS"].mend,
    }
    assert (done.json["clean"], done.json["problems"], done.json["notes"]) == (0, 3, 0)


def test_accepted_codes_are_no_problems(periscope_command: Command, sample: str) -> None:
    words = [word for code in sorted(HOLE) for word in ("--accept", code.lower())]
    done = periscope_command("data", "check", "GAMA", *words, "--catalog", sample, "--json")
    assert done.code == 0
    assert (done.json["problems"], done.json["accepted"]) == (0, 3)


def test_days_choose_what_is_checked(periscope_command: Command, sample: str) -> None:
    before = ("data", "check", "GAMA", "--span", "minute", "--to", "2023-11-07", "--catalog", sample, "--json")
    done = periscope_command(*before)
    assert (done.code, done.json["series"][0]["last"]) == (0, "2023-11-07T20:59:00Z")
    within = periscope_command(
        "data", "check", "GAMA", "--from", "2023-11-06", "--to", "2023-11-14", "--catalog", sample, "--json"
    )
    assert within.code == 5
    assert within.json["series"][0]["first"] == "2023-11-06T14:30:00Z"


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["GAMMA"], 6, "UNKNOWN_INSTRUMENT"),
        (["SXH23", "--span", "minute"], 6, "SPAN_NOT_AVAILABLE"),
        (["--from", "2030-01-01"], 5, "NO_BARS"),
        (["--from", "2023-02-01", "--to", "2023-01-01"], 2, "USAGE"),
        (["--from", "yesterday"], 2, "USAGE"),
        (["--span", "week"], 2, "USAGE"),
        (["--accept", "NOTHING"], 2, "USAGE"),
    ],
)
def test_what_cannot_be_checked_is_refused(
    words: list[str], code: int, name: str, periscope_command: Command, sample: str
) -> None:
    done = periscope_command("data", "check", *words, "--catalog", sample, "--json")
    assert (done.code, done.json["error"]["code"]) == (code, name)


def test_a_report_is_written(periscope_command: Command, sample: str, tmp_path: Path) -> None:
    done = periscope_command("data", "check", "GAMA", "--report", "reports/check.html", "--catalog", sample)
    assert done.code == 5
    assert "the report is reports/check.html" in done.err
    page = (tmp_path / "reports" / "check.html").read_text()
    assert "MISSING_DAYS" in page
    assert page.count("<svg") > 4


def test_an_import_says_what_is_wrong_with_what_it_brought(periscope_command: Command, tmp_path: Path) -> None:
    rows = [
        f"2020-01-{day:02d} {hour:02d}:{minute:02d}:00,100,103,99.5,{100 + minute % 3},5{minute:02d}"
        for day in (2, 3, 6, 8)
        for hour in range(10, 16)
        for minute in range(60)
    ]
    (tmp_path / "spy.csv").write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n")
    words = ("data", "import", "spy.csv", "--span", "minute", "--stamp", "start", "--catalog", "catalog")
    done = periscope_command(*words, "--json")
    assert done.code == 0
    assert [(found["code"], found["first"]) for found in done.json["quality"]] == [
        ("MISSING_DAYS", "2020-01-07T14:30:00Z")
    ]
    assert "1 MISSING_DAYS\n  SPY minute 2020-01-07T14:30:00Z: no bar on 2020-01-07" in periscope_command(*words).err


def test_rolls_are_listed_with_what_decided_them(periscope_command: Command, sample: str) -> None:
    done = periscope_command("instruments", "rolls", "sx", "--catalog", sample)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("from   to     trading day  since (UTC)")
    assert [line.split()[:3] for line in lines[1:]] == [
        ["SXH23", "SXM23", "2023-03-09"],
        ["SXM23", "SXU23", "2023-06-08"],
        ["SXU23", "SXZ23", "2023-09-07"],
        ["SXZ23", "SXH24", "2023-12-07"],
    ]
    assert "the first contract is SXH23" in done.err
    some = periscope_command(
        "instruments", "rolls", "SX", "--from", "2023-06-01", "--to", "2023-09-01", "--catalog", sample, "--json"
    )
    (roll,) = some.json["rolls"]
    assert (roll["from"], roll["to"], roll["at"]) == ("SXM23", "SXU23", "2023-06-08T21:00:00Z")
    assert (roll["decided_on"], roll["expired"]) == ("2023-06-08", False)
    assert int(roll["from_contracts"]) < int(roll["to_contracts"])
    last = periscope_command("instruments", "rolls", "SX", "--by", "last-trade", "--catalog", sample, "--json")
    assert [roll["trading_day"] for roll in last.json["rolls"]] == [
        "2023-03-17",
        "2023-06-16",
        "2023-09-15",
        "2023-12-15",
    ]
    none = periscope_command("instruments", "rolls", "SX", "--from", "2024-01-01", "--catalog", sample)
    assert none.out == "SX does not roll in that time\n"


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["ZZ"], 6, "UNKNOWN_ROOT"),
        (["SX", "--by", "open-interest"], 5, "OPEN_INTEREST_UNKNOWN"),
        (["SX", "--by", "luck"], 2, "USAGE"),
        (["SX", "--from", "2024-02-01", "--to", "2024-01-01"], 2, "USAGE"),
    ],
)
def test_rolls_that_cannot_be_told(
    words: list[str], code: int, name: str, periscope_command: Command, sample: str
) -> None:
    done = periscope_command("instruments", "rolls", *words, "--catalog", sample, "--json")
    assert (done.code, done.json["error"]["code"]) == (code, name)


def test_a_root_is_shown_as_one_series(periscope_command: Command, sample: str) -> None:
    words = ("data", "show", "SX", "--continuous", "ratio", "--rows", "2", "--catalog", sample)
    document = periscope_command(*words, "--json").json
    assert (document["adjustment"], document["rounded_to_decimals"], len(document["rolls"])) == ("ratio", 6, 4)
    assert [row["contract"] for row in document["head"] + document["tail"]] == ["SXH23", "SXH23", "SXH24", "SXH24"]
    assert document["head"][0]["close"].partition(".")[2] != "000000"
    done = periscope_command(*words)
    assert done.out.startswith("SX day, ratio: ")
    assert "never traded" in done.err
    raw = periscope_command(
        "data", "show", "SX", "--continuous", "raw", "--span", "minute", "--catalog", sample, "--json"
    )
    assert raw.json["rounded_to_decimals"] is None
    refused = periscope_command("data", "show", "ZZ", "--continuous", "raw", "--catalog", sample, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (6, "UNKNOWN_ROOT")


def test_documents_are_json(periscope_command: Command, sample: str) -> None:
    for words in (("data", "check"), ("instruments", "rolls", "SX")):
        json.loads(periscope_command(*words, "--catalog", sample, "--json").out)
