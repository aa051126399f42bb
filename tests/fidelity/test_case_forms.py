"""How cases may be written: one meaning in many forms, and a sentence for what can't be read or run.

The cases here are made up on prices of their own; nothing of the published ones is needed.
"""

import json
import shutil
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.fidelity.cases import Case, read_file
from tests.fidelity.lean import main
from tests.fidelity.words import settings_of

DAYS = ("20131007", "20131008", "20131009", "20131010", "20131011")
CLOSES = (100, 101, 102, 103, 104)


def _case() -> dict[str, Any]:
    """Bought at the open of the second day, sold at that of the fourth: 100 shares at 101 and at 103."""
    orders = [
        {"placed_at": f"2013-10-{day}T16:00:00-04:00", "symbol": "AAA", "type": "MARKET_ON_OPEN", "side": side}
        | {"quantity": "100", "limit": None, "stop": None, "tif": "GTC", "status": "filled", "fee": "1"}
        | {"filled_at": f"2013-10-{filled}T16:00:00-04:00", "fill_price": price}
        for day, side, filled, price in (("07", "BUY", "08", "101"), ("09", "SELL", "10", "103"))
    ]
    return {
        "name": "Made up",
        "kind": "equity",
        "symbols": ["AAA"],
        "resolution": "daily",
        "start": "2013-10-07T00:00:00-04:00",
        "end": "2013-10-11T23:59:59-04:00",
        "cash": "100000",
        "data_files": ["data/lean/equity/usa/daily/aaa.zip"],
        "order_trace": orders,
        "expected": {
            "total_orders": 2,
            "end_equity": "100198.00",
            "net_profit_pct": "0.198",
            "total_fees": "2.00",
            "drawdown_pct": "0.000",
        },
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with one equity whose every price of a day is the same."""
    equity = tmp_path / "shared/data/lean/equity/usa"
    for folder in ("daily", "map_files", "factor_files"):
        (equity / folder).mkdir(parents=True)
    (equity / "map_files/aaa.csv").write_text("19980102,aaa,N\n20501231,aaa,N\n")
    rows = [
        f"{day} 00:00,{close}0000,{close}0000,{close}0000,{close}0000,1000\n"
        for day, close in zip(DAYS, CLOSES, strict=True)
    ]
    with zipfile.ZipFile(equity / "daily/aaa.zip", "w") as archive:
        archive.writestr("aaa.csv", "".join(rows))
    return tmp_path / "shared"


def _run(cases: Any, data: Path, capsys: pytest.CaptureFixture[str], content: bytes | None = None) -> dict[str, Any]:
    file = data.parent / "cases.json"
    file.write_bytes(json.dumps(cases).encode() if content is None else content)
    code = main(["--cases", str(file), "--data", str(data), "--json"], in_process=True)
    done: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (0 if done["different"] == 0 else 1)
    return done


def _first(case: dict[str, Any], **fields: Any) -> dict[str, Any]:
    case["order_trace"][0] |= fields
    return case


FORMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as it is": lambda case: None,
    "numbers as numbers": lambda case: case.update(
        cash=100000.0,
        expected={"total_orders": 2, "end_equity": 100198, "net_profit_pct": 0.198, "total_fees": 2, "drawdown_pct": 0},
    ),
    "numbers with signs": lambda case: case.update(
        cash="$100,000",
        expected={
            "total_orders": "2",
            "end_equity": "$100,198.00",
            "net_profit_pct": "0.198%",
            "total_fees": "$2.00",
            "drawdown_pct": "0.000%",
        },
    ),
    "times of the zone": lambda case: (
        case.update(start="2013-10-07", end="2013-10-11", time_zone="America/New_York"),
        _first(case, placed_at="2013-10-07 16:00:00", filled_at="2013-10-08T16:00:00"),
    ),
    "times in UTC": lambda case: _first(case, placed_at="2013-10-07T20:00:00Z", filled_at="2013-10-08T20:00:00+00:00"),
    "words in other letters": lambda case: (
        case.update(kind="Equity", symbols=["aaa"], resolution="Daily", price_mode="Adjusted", currency="usd"),
        _first(case, symbol="aaa", type="MarketOnOpen", side="buy", tif="GoodTilCanceled", status="Filled"),
    ),
    "one symbol alone": lambda case: case.update(symbols="AAA"),
    "flags as text": lambda case: case.update(extended_hours="false"),
    "LEAN's identifier": lambda case: _first(case, symbol="AAA R735QTJ8XC9X"),
    "zero for no price": lambda case: _first(case, limit=0, stop="0"),
    "a plain market order after the close": lambda case: None,
    "signed quantities": lambda case: case["order_trace"][1].update(quantity=-100, side=None),
    "the orders in another order": lambda case: (
        case["order_trace"].reverse() or case.update(order_trace=case["order_trace"])
    ),
    "more fields": lambda case: (case.update(comment={"a": [1]}, features=None), _first(case, id=7)),
    "a folder for its files": lambda case: case.update(data_files=["data/lean/equity/usa/daily/"]),
    "files with other letters": lambda case: case.update(data_files=["data/Lean/equity/USA/daily/AAA.ZIP"]),
    "files with backslashes": lambda case: case.update(data_files=["data\\lean\\equity\\usa\\daily\\aaa.zip"]),
    "files named twice, and facts": lambda case: case.update(
        data_files=[*case["data_files"] * 2, "data/lean/equity/usa/map_files/aaa.csv"]
    ),
    "facts and open interest that are not there": lambda case: case.update(
        data_files=[
            *case["data_files"],
            "data/lean/equity/usa/map_files/zzz.csv",
            "data/lean/future/cme/daily/es_openinterest.zip",
        ]
    ),
    "a symbol without data": lambda case: case.update(symbols=["AAA", "BBB"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_one_meaning_in_many_forms(form: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = _case()
    FORMS[form](case)
    done = _run([case], data, capsys)
    assert done["equal"] == 1, done


FILES: dict[str, Callable[[bytes], bytes]] = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "Windows line ends": lambda text: json.dumps(json.loads(text), indent=2).replace("\n", "\r\n").encode(),
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "under a key": lambda text: b'{"cases": ' + text + b"}",
    "one case alone": lambda text: text[1:-1],
}


@pytest.mark.parametrize("form", FILES)
def test_a_file_in_many_forms(form: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = _run(None, data, capsys, FILES[form](json.dumps([_case()]).encode()))
    assert done["equal"] == 1, done


@pytest.mark.parametrize("deeper", ["", "data", "data/lean"])
def test_the_data_folder_may_be_named_at_any_depth(
    deeper: str, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run([_case()], data, capsys)["equal"] == 1
    monkeypatch.chdir(data.parent)
    folder = f"shared/{deeper}/"
    assert main(["--cases", "cases.json", "--data", folder]) == 0


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no object": (lambda case: case.clear(), "'name' is missing"),
    "no cash": (lambda case: case.pop("cash"), "'cash' is missing"),
    "cash that is none": (lambda case: case.update(cash="much"), "cash is 'much'; expected a number"),
    "cash beyond bounds": (lambda case: case.update(cash=10**50), "expected a finite number"),
    "a kind we don't know": (lambda case: case.update(kind="option"), "expected one of equity, future, mixed"),
    "ticks": (lambda case: case.update(resolution="tick"), "expected second, minute, hour or daily"),
    "a zone that is none": (lambda case: case.update(time_zone="Mars"), "expected a time zone"),
    "a time that is none": (lambda case: case.update(start="then"), "start is 'then'; expected a time"),
    "an end before the start": (lambda case: case.update(end="2013-10-01"), "is not after start"),
    "another price mode": (lambda case: case.update(price_mode="total return"), "expected one of adjusted, raw"),
    "a flag that is none": (lambda case: case.update(extended_hours="perhaps"), "expected true or false"),
    "no symbols": (lambda case: case.update(symbols=[]), "symbols is []"),
    "a trace that is none": (lambda case: case.update(order_trace={"a": 1}), "expected a list of orders"),
    "an order that is none": (lambda case: case.update(order_trace=[1]), "order 1 of the trace"),
    "an order type of LEAN's": (
        lambda case: _first(case, type="TRAILING_STOP"),
        "order 1 is a 'TRAILING_STOP' order, which the SDK has no type for",
    ),
    "a limit order without limit": (lambda case: _first(case, type="LIMIT"), "order 1: a LIMIT order needs limit"),
    "a quantity that is none": (lambda case: _first(case, quantity="few"), "order 1: quantity is 'few'"),
    "no quantity": (lambda case: _first(case, quantity=0), "expected more than zero"),
    "a side that is none": (lambda case: _first(case, side="HOLD"), "expected BUY or SELL"),
    "a lifetime that LEAN lacks": (lambda case: _first(case, tif="IOC"), "LEAN has GTC, DAY and GTD"),
    "a date that is none": (lambda case: _first(case, tif="GTD:2013-13-01"), "LEAN has GTC, DAY and GTD"),
    "a file that is not there": (lambda case: case.update(data_files=["data/x.zip"]), "which is not below"),
    "no file of prices": (
        lambda case: case.update(data_files=["data/lean/equity/usa/map_files/aaa.csv"]),
        "names no zip files of prices",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_case_that_cannot_be_run_says_why_and_the_others_still_run(
    what: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, good = _case(), _case()
    REFUSED[what][0](broken)
    done = _run([broken, good], data, capsys)
    assert [run["equal"] for run in done["runs"]] == [False, True]
    assert REFUSED[what][1] in done["runs"][0]["error"]
    assert ".py" not in done["runs"][0]["error"]


def test_a_file_that_is_there_the_second_time(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A case whose files can't be used leaves nothing behind that hinders the next one of the same files."""
    bad = data / "data/lean/equity/usa/daily/bbb.zip"
    bad.write_bytes(b"no zip")
    cases = [_case() for _ in range(3)]
    for case in cases[:2]:
        case["data_files"] = [*case["data_files"], "data/lean/equity/usa/daily/bbb.zip"]
    done = _run(cases, data, capsys)
    assert done["runs"][-1]["equal"]
    assert done["runs"][0].get("error") == done["runs"][1].get("error")


def test_map_files_in_a_zip(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Renamed in the middle of the window; who was what on which day stands in a zip of map files."""
    equity = data / "data/lean/equity/usa"
    shutil.rmtree(equity / "map_files")
    (equity / "map_files").mkdir()
    with zipfile.ZipFile(equity / "map_files/map_files_20131101.zip", "w") as archive:
        archive.writestr("map_files/ccc.csv", "19980102,aaa,N\n20131008,aaa,N\n20501231,ccc,N\n")
    shutil.copy(equity / "daily/aaa.zip", equity / "daily/ccc.zip")
    case = _case() | {"data_files": [f"data/lean/equity/usa/daily/{ticker}.zip" for ticker in ("aaa", "ccc")]}
    assert _run([case], data, capsys)["equal"] == 1


def _reads(entry: dict[str, Any], folder: Path) -> Case:
    file = folder / "case.json"
    file.write_text(json.dumps([entry]))
    (found,) = read_file(file)
    assert isinstance(found, Case), found
    return found


CONTRACTS = (
    "ESZ13 (201312, expires 2013-12-20)",
    "ESZ13 (201312)",
    "ESZ2013 (201312)",
    "ES (201312)",
    "ES (2013-12)",
    "ES 201312",
    "ES201312",
    "ESZ13",
    "ESZ2013",
    "ESZ3",
    "esz13",
)


@pytest.mark.parametrize("text", CONTRACTS)
def test_a_contract_in_many_forms(text: str, tmp_path: Path) -> None:
    for ordered in ("ES201312", "ESZ13", "ES 201312", "ES VP274HSU1AF5"):
        entry = deepcopy(_case()) | {"kind": "future", "symbols": [text], "resolution": "minute"}
        entry["order_trace"][0] |= {"symbol": ordered, "type": "MARKET"}
        del entry["order_trace"][1]
        found = _reads(entry, tmp_path)
        assert [symbol for symbol, *_ in found.streams] == ["ESZ13"]
        assert found.trace[0]["symbol"] == "ESZ13"


@pytest.mark.parametrize("ticker", ["AH1", "M2K", "BRK.B", "X", "ESZ13"])
def test_an_equity_is_one_whatever_its_ticker_looks_like(ticker: str, tmp_path: Path) -> None:
    entry = _case() | {"symbols": [ticker], "order_trace": [_case()["order_trace"][0] | {"symbol": ticker}]}
    ((symbol, kind, _),) = _reads(entry, tmp_path).streams
    assert (symbol, kind.value) == (ticker, "EQUITY")


WORDS = [
    ("Stale-price window set to 1 minute (default is 1 hour).", {"stale_seconds": "60"}),
    ("stale window is 2.5 hours", {"stale_seconds": "9000"}),
    ("with a 10-minute stale window", {"stale_seconds": "600"}),
    ("Settings.StalePriceTimeSpan = TimeSpan.FromMinutes(10)", {"stale_seconds": "600"}),
    ("Market-on-close submission buffer 10 minutes (default 15.5).", {"close_buffer_seconds": "600"}),
    ("Leverage up to 5x while the market is open", {"leverage": "5"}),
    ("at 4x leverage", {"leverage": "4"}),
    ("leverage: 3", {"leverage": "3"}),
    ("Leverage 1 on both symbols.", {"leverage": "1"}),
    ("in a cash account", {"leverage": "1"}),
    ("no leverage is used and nothing is stale", {}),
]


@pytest.mark.parametrize(("words", "settings"), WORDS)
def test_settings_that_stand_in_words(words: str, settings: dict[str, str]) -> None:
    assert settings_of(words) == settings
