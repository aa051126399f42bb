"""A made-up case whose equity is renamed in the middle: LEAN reads the file of the day's ticker, the position stays."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from libs.shared_ipc.src.protocol import AssetType
from tests.fidelity.cases import Case, read_cases
from tests.fidelity.catalogs import Catalogs
from tests.fidelity.lean import describe, run_case
from tests.fidelity.naming import with_our_names

DAYS = ("20131007", "20131008", "20131009", "20131010", "20131011")
LAST_OF_OLD = "20131009"


def _order(number: int, symbol: str, side: str, placed: str, filled: str, price: str) -> dict[str, Any]:
    return {
        "n": number,
        "placed_at": f"{placed}T16:00:00-04:00",
        "symbol": symbol,
        "type": "MARKET_ON_OPEN",
        "side": side,
        "quantity": "100",
        "limit": None,
        "stop": None,
        "tif": "GTC",
        "status": "filled",
        "filled_at": f"{filled}T16:00:00-04:00",
        "fill_price": price,
        "fee": "1",
        "tag": None,
    }


def _entry(symbols: list[str], names: tuple[str, str]) -> dict[str, Any]:
    """Bought under the old ticker at 10, sold under the new one at 12; each way for a dollar."""
    return {
        "name": "Renamed",
        "kind": "equity",
        "symbols": symbols,
        "resolution": "daily",
        "start": "2013-10-07T00:00:00-04:00",
        "end": "2013-10-11T23:59:59-04:00",
        "cash": "100000",
        "expected": {
            "total_orders": 2,
            "end_equity": "100198.00",
            "net_profit_pct": "0.198",
            "total_fees": "2.00",
            "drawdown_pct": "0",
        },
        "data_files": [f"lean/equity/usa/daily/{ticker}.zip" for ticker in ("old", "new")],
        "order_trace": [
            _order(1, names[0], "BUY", "2013-10-07", "2013-10-08", "10"),
            _order(2, names[1], "SELL", "2013-10-10", "2013-10-11", "12"),
        ],
    }


def _case(folder: Path, symbols: list[str], names: tuple[str, str]) -> Case:
    return _read(folder, _entry(symbols, names))


def _read(folder: Path, entry: dict[str, Any]) -> Case:
    path = folder / "cases.json"
    path.write_text(json.dumps([entry]), encoding="utf-8")
    (case,) = read_cases(path)
    return case


@pytest.fixture
def catalogs(tmp_path: Path) -> Catalogs:
    """Each file has every day; on those of the other ticker at a price that must not be seen."""
    equity = tmp_path / "data/lean/equity/usa"
    for folder in ("daily", "map_files"):
        (equity / folder).mkdir(parents=True)
    (equity / "map_files/new.csv").write_text(f"20131001,old,N\n{LAST_OF_OLD},old,N\n20501231,new,N\n")
    for ticker, price in (("old", 100_000), ("new", 120_000)):
        rows = []
        for day in DAYS:
            shown = price if (day <= LAST_OF_OLD) == (ticker == "old") else 990_000
            rows.append(f"{day} 00:00,{shown},{shown},{shown},{shown},1000000\n")
        with zipfile.ZipFile(equity / f"daily/{ticker}.zip", "w") as archive:
            archive.writestr(f"{ticker}.csv", "".join(rows))
    return Catalogs(tmp_path / "data", tmp_path / "catalogs")


@pytest.mark.parametrize("symbols", [["NEW"], ["OLD"], ["OLD", "NEW"]])
@pytest.mark.parametrize("names", [("OLD", "NEW"), ("NEW", "NEW"), ("OLD", "OLD")])
def test_the_position_outlives_its_ticker(
    symbols: list[str], names: tuple[str, str], catalogs: Catalogs, tmp_path: Path
) -> None:
    case = _case(tmp_path, symbols, names)
    result = run_case(case, "trace", catalogs, tmp_path / "run", in_process=True)
    assert result["equal"], describe(result)


@pytest.mark.parametrize(("day", "status"), [("2013-10-08", "canceled"), ("2013-10-10", "submitted")])
def test_open_orders_end_with_the_ticker(day: str, status: str, catalogs: Catalogs, tmp_path: Path) -> None:
    """At the midnight before the first session of the new one, whatever their time in force."""
    entry = _entry(["NEW"], ("OLD", "OLD" if day < "2013-10-10" else "NEW"))
    entry["order_trace"][1] |= {"placed_at": f"{day}T16:00:00-04:00", "type": "LIMIT", "limit": "13", "status": status}
    entry["order_trace"][1] |= dict.fromkeys(("filled_at", "fill_price", "fee"))
    entry["expected"] |= {"end_equity": "100199.00", "net_profit_pct": "0.199", "total_fees": "1.00"}
    result = run_case(_read(tmp_path, entry), "trace", catalogs, tmp_path / "run", in_process=True)
    assert result["equal"], describe(result)


def test_an_order_for_the_first_open_under_the_new_ticker_ends_too(catalogs: Catalogs, tmp_path: Path) -> None:
    entry = _entry(["NEW"], ("OLD", "OLD"))
    entry["order_trace"][1] |= {"placed_at": "2013-10-09T16:00:00-04:00", "status": "canceled"}
    entry["order_trace"][1] |= dict.fromkeys(("filled_at", "fill_price", "fee"))
    entry["expected"] |= {"end_equity": "100199.00", "net_profit_pct": "0.199", "total_fees": "1.00"}
    result = run_case(_read(tmp_path, entry), "trace", catalogs, tmp_path / "run", in_process=True)
    assert result["equal"], describe(result)


def test_a_ticker_of_a_trace_is_that_of_its_day(catalogs: Catalogs, tmp_path: Path) -> None:
    case = _case(tmp_path, ["NEW"], ("OLD", "NEW"))
    named = with_our_names(case, catalogs.of(case).instruments)
    assert [order["symbol"] for order in named.trace] == ["NEW", "NEW"]
    unknown = with_our_names(_case(tmp_path, ["ABC"], ("ABC", "NEW")), catalogs.of(case).instruments)
    assert [order["symbol"] for order in unknown.trace] == ["ABC", "NEW"]
    assert [(symbol, kind) for symbol, kind, _ in unknown.streams] == [
        ("ABC", AssetType.EQUITY),
        ("NEW", AssetType.EQUITY),
    ]
