"""`periscope data` as a user types it: output, JSON, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from periscope.cli.main import main

CSV = "timestamp,open,high,low,close,volume\n2020-01-02 09:30:00,100,101,99.5,100.25,500\n"
BAD = CSV + "2020-01-02 09:31:00,100,99,101,100,1\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spy.csv").write_text(CSV)
    return tmp_path


def _json(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*words, "--json", "--catalog", "catalog"]) == code
    return json.loads(capsys.readouterr().out)


def _import(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    return _json(capsys, "data", "import", *words, code=code)


def test_import_list_and_show(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = _import(capsys, "spy.csv", "--span", "minute", "--stamp", "start", "--exchange", "ARCX")
    assert document["series"] == [
        {
            "symbol": "SPY",
            "asset_type": "EQUITY",
            "span": "minute",
            "data": "bars",
            "rows": 1,
            "first": "2020-01-02T14:30:00Z",
            "last": "2020-01-02T14:30:00Z",
            "volume": "500",
            "added": 1,
            "unchanged": 0,
            "replaced": 0,
        }
    ]
    listed = _json(capsys, "data", "list")["series"]
    assert [(row["symbol"], row["exchange"], row["bars"]) for row in listed] == [("SPY", "ARCX", 1)]
    shown = _json(capsys, "data", "show", "spy")["instruments"][0]
    assert shown["series"][0]["head"] == [
        {
            "start": "2020-01-02T14:30:00Z",
            "end": "2020-01-02T14:31:00Z",
            "open": "100.00",
            "high": "101.00",
            "low": "99.50",
            "close": "100.25",
            "volume": "500",
        }
    ]
    assert len(shown["series"][0]["files"][0]["sha256"]) == 64


def test_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "import", "spy.csv", "--span", "minute", "--stamp", "start", "--catalog", "catalog"]) == 0
    output = capsys.readouterr()
    assert "SPY" in output.out
    assert "the stamps carry no zone" in output.err
    assert main(["data", "list", "--catalog", "catalog"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split()[:2] == ["symbol", "asset_type"]
    assert main(["data", "show", "SPY", "--catalog", "catalog"]) == 0
    assert "2020-01-02T14:30:00Z  2020-01-02T14:31:00Z  100.00" in capsys.readouterr().out


def test_a_bad_row_names_file_line_and_reason(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "spy.csv").write_text(BAD)
    error = _import(capsys, "spy.csv", "--span", "minute", "--stamp", "start", code=5)["error"]
    assert (error["code"], error["exit_code"]) == ("BAD_OHLC", 5)
    assert error["problems"][0]["where"] == "spy.csv:3"
    assert "--skip-bad-rows" in error["try"]
    document = _import(capsys, "spy.csv", "--span", "minute", "--stamp", "start", "--skip-bad-rows")
    assert (document["series"][0]["rows"], document["skipped_rows"]) == (1, 1)
    assert document["finding_counts"] == {"BAD_OHLC": 1}


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["nowhere.csv"], 6, "NOT_FOUND"),
        (["spy.csv"], 2, "SPAN_REQUIRED"),
        (["spy.csv", "--span", "minute"], 2, "STAMP_REQUIRED"),
        (["spy.csv", "--span", "week"], 2, "USAGE"),
        (["spy.csv", "--stamp", "middle"], 2, "USAGE"),
        (["spy.csv", "--asset-type", "COW"], 2, "USAGE"),
        (["spy.csv", "--tick", "-1"], 2, "USAGE"),
        (["spy.csv", "--format", "xls"], 2, "USAGE"),
        (["spy.csv", "--format", "parquet", "--span", "minute"], 5, "BAD_FILE"),
        (["."], 2, "UNKNOWN_FORMAT"),
    ],
)
def test_refusals(words: list[str], code: int, name: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _import(capsys, *words, code=code)["error"]["code"] == name


def test_the_sample_is_labelled(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = _json(capsys, "data", "sample")
    assert document["source"].startswith("SYNTHETIC")
    assert {row["symbol"] for row in document["series"]} >= {"ALFA", "BETA", "GAMA", "DELT", "SXZ23", "SXH24"}
    contract = _json(capsys, "data", "show", "SXZ23", "--span", "day", "--rows", "1")["instruments"][0]
    assert contract["expires_at"] == "2023-12-15T22:00:00Z"
    assert contract["source"].startswith("SYNTHETIC")
    assert (len(contract["series"][0]["head"]), len(contract["series"][0]["tail"])) == (1, 1)


def test_what_is_not_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "data", "list", code=5)["error"]["code"] == "NO_CATALOG"
    _import(capsys, "spy.csv", "--span", "minute", "--stamp", "start")
    error = _json(capsys, "data", "show", "SPX", code=6)["error"]
    assert "did you mean 'SPY'" in error["message"]
    error = _json(capsys, "data", "show", "SPY", "--span", "day", code=6)["error"]
    assert "it has minute" in error["message"] or "has minute" in error["message"]


QUOTES = (
    "timestamp,bid_open,bid_high,bid_low,bid_close,bid_size,ask_open,ask_high,ask_low,ask_close,ask_size\n"
    "2020-01-02 09:30:00,,,,,,100,101,99.5,100.25,500\n"
)


def test_quotes_are_listed_and_shown_beside_bars(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "quotes.csv").write_text(QUOTES)
    told = ("--symbol", "SPY", "--span", "minute", "--stamp", "start", "--exchange", "ARCX")
    _import(capsys, "spy.csv", *told)
    assert [item["data"] for item in _import(capsys, "quotes.csv", *told)["series"]] == ["quote bars"]
    listed = _json(capsys, "data", "list")["series"]
    assert [(item["span"], item["data"], item["bars"]) for item in listed] == [
        ("minute", "bars", 1),
        ("minute", "quote bars", 1),
    ]
    (instrument,) = _json(capsys, "data", "show", "SPY")["instruments"]
    bars, quotes = instrument["series"]
    assert bars["head"][0]["volume"] == "500"
    assert (quotes["head"][0]["bid_open"], quotes["head"][0]["ask_close"]) == (None, "100.25")
    assert "minute-quotes" in quotes["files"][0]["file"]
    assert main(["data", "show", "SPY", "--catalog", "catalog"]) == 0
    assert "minute: 1 quote bars" in capsys.readouterr().out
    (checked,) = [item for item in _json(capsys, "data", "check")["series"] if item["data"] == "quote bars"]
    assert [found["code"] for found in checked["findings"]] == ["MISSING_SIDE"]


def test_a_kind_that_there_is_not_is_a_mistake(data: Path) -> None:
    assert main(["data", "import", "spy.csv", "--kind", "ticks", "--catalog", "catalog"]) == 2
