"""`periscope instruments` as a user types it: output, JSON, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.futures import future_instrument
from periscope.instruments.instrument import Instrument, TickerPeriod
from periscope.instruments.sessions import UnknownExchangeError
from periscope.instruments.tickers import ticker_periods, with_tickers
from periscope.market.catalog import Catalog
from tests.cli.command import Command

ZONE = "America/Chicago"


def tickers(*rows: tuple[str, str]) -> tuple[TickerPeriod, ...]:
    from datetime import date

    days = [(None if day == "now" else date.fromisoformat(day), ticker) for day, ticker in rows]
    return ticker_periods(days, "a test")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    made = Catalog.create(tmp_path / "catalog")
    bank = Instrument(symbol="BAC", asset_type=AssetType.EQUITY, exchange="XNYS", source="a test")
    made.add_instruments(
        [
            with_tickers(bank, tickers(("1998-01-02", "NB"), ("1998-09-30", "NB"), ("now", "BAC"))),
            Instrument(symbol="SPY", asset_type=AssetType.ETF, exchange="ARCX", source="a test"),
            future_instrument("ES", 2013, 12, source="a test"),
            future_instrument("ES", 2014, 6, source="a test"),
            Instrument(symbol="SXZ23", asset_type=AssetType.FUTURE, exchange="CME", root="SX", source="a test"),
        ]
    )
    return made.root


@pytest.fixture
def ask(periscope_command: Command) -> Any:
    def run(*words: str, code: int = 0) -> Any:
        outcome = periscope_command("instruments", *words, "--json")
        assert outcome.code == code, outcome.err
        return json.loads(outcome.out)

    return run


def test_a_chain_on_a_day(ask: Any) -> None:
    document = ask("chain", "es", "--date", "2013-10-07", "--count", "2")
    assert (document["catalog"], document["root"], document["zone"]) == (None, "ES", ZONE)
    assert [row["symbol"] for row in document["contracts"]] == ["ESZ13", "ESH14"]
    assert document["contracts"][0] == {
        "symbol": "ESZ13",
        "short": "ESZ3",
        "month": "2013-12",
        "serial": False,
        "first_notice": None,
        "first_notice_unknown": "settled in cash: no notice",
        "last_trade_day": "2013-12-20",
        "last_trade_exchange_time": "2013-12-20T08:30:00-06:00",
        "last_trade": "2013-12-20T14:30:00Z",
        "last_trade_unknown": None,
        "remark": None,
        "in_catalog": False,
        "catalog_expires_at": None,
    }


def test_a_chain_between_days_says_what_the_catalog_has(ask: Any, catalog: Path) -> None:
    words = ("chain", "ES", "--from", "2013-12-20", "--to", "2014-06-20")
    rows = ask(*words, "--catalog", str(catalog))["contracts"]
    assert [(row["symbol"], row["in_catalog"]) for row in rows] == [("ESZ13", True), ("ESH14", False), ("ESM14", True)]
    assert ask("chain", "ES", "--catalog", str(catalog))["contracts"] == rows


def test_a_chain_for_people(periscope_command: Command, catalog: Path) -> None:
    outcome = periscope_command("instruments", "chain", "GC", "--from", "2013-12-01", "--to", "2013-12-31")
    header, row = outcome.out.splitlines()
    assert header.split("  ")[0] == "symbol"
    assert row.split() == [
        "GCZ13",
        "GCZ3",
        "2013-12",
        "2013-11-29",
        "2013-12-27",
        "13:30",
        "2013-12-27T18:30:00Z",
        "no",
    ]
    outcome = periscope_command("instruments", "chain", "SX", "--catalog", str(catalog))
    assert outcome.out.splitlines()[1].split() == ["SXZ23", "SXZ3", "2023-12", "-", "unknown", "unknown", "yes"]
    assert "last trade unknown: the catalog has none (SXZ23)" in outcome.err


def test_an_exchange_without_a_calendar_says_so(periscope_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(exchange: str) -> None:
        raise UnknownExchangeError(exchange)

    monkeypatch.setattr("periscope.instruments.business_days.sessions_for", unknown)
    outcome = periscope_command("instruments", "chain", "FGBL", "--date", "2013-10-07", "--count", "2")
    assert outcome.code == 0
    assert "last trade unknown: no calendar for EUREX (FGBLZ13 and 1 more)" in outcome.err
    assert outcome.out.splitlines()[1].split() == ["FGBLZ13", "FGBLZ3", "2013-12", "-", "unknown", "unknown", "no"]


def test_serial_months_are_asked_for(ask: Any) -> None:
    words = ("chain", "GC", "--from", "2013-11-01", "--to", "2013-12-31")
    assert [row["symbol"] for row in ask(*words)["contracts"]] == ["GCZ13"]
    assert [row["symbol"] for row in ask(*words, "--serial")["contracts"]] == ["GCX13", "GCZ13"]


def test_the_catalog_may_know_another_expiry(periscope_command: Command, tmp_path: Path) -> None:
    made = Catalog.create(tmp_path / "catalog")
    made.add_instruments(
        [
            Instrument(
                symbol="ESZ13", asset_type=AssetType.FUTURE, exchange="CME", root="ES", expires_at=1_387_549_800_000_001
            )
        ]
    )
    outcome = periscope_command("instruments", "chain", "ES", "--catalog", str(made.root))
    assert "ESZ13: the catalog has it expire at 2013-12-20T14:30:00.000001Z" in outcome.err


@pytest.mark.parametrize("words", [("ESZ13",), ("es z13",), ("ESZ2013",), ("ESZ3", "--date", "2013-10-07"), ("ESZ3",)])
def test_every_spelling_shows_the_contract(words: tuple[str, ...], ask: Any, catalog: Path) -> None:
    """The short one needs no date where the catalog has only one such contract."""
    stored, contract = ask("show", *words, "--catalog", str(catalog))["found"]
    assert (stored["kind"], stored["symbol"]) == ("instrument", "ESZ13")
    assert (contract["kind"], contract["symbol"], contract["short"]) == ("contract", "ESZ13", "ESZ3")
    assert (contract["last_trade"], contract["in_catalog"]) == ("2013-12-20T14:30:00Z", True)


def test_a_short_spelling_without_a_date_is_ambiguous(ask: Any) -> None:
    error = ask("show", "ESZ3", code=2)["error"]
    assert (error["code"], error["try"]) == ("AMBIGUOUS_CONTRACT", "--date 2013-10-07, for example")


def test_a_root_has_the_tick_of_the_day_and_sources(ask: Any) -> None:
    [euro] = ask("show", "6E", "--date", "2015-06-01")["found"]
    assert (euro["kind"], euro["tick"], euro["settlement"]) == ("root", "0.0001", "physical")
    assert [(tick["value"], tick["since"]) for tick in euro["ticks"]] == [("0.0001", None), ("0.00005", "2016-01-11")]
    assert euro["sources"]["tick"].startswith("CME Special Executive Report S-7425")
    assert euro["sources"]["multiplier"] == euro["source"] == "CME rulebook, chapter 261"
    assert ask("show", "6E")["found"][0]["tick"] == "0.00005"


def test_a_former_ticker_needs_its_day(ask: Any, catalog: Path, periscope_command: Command) -> None:
    [bank] = ask("show", "NB", "--date", "1998-09-30", "--catalog", str(catalog))["found"]
    assert (bank["symbol"], bank["ticker_on_date"], bank["valid_from"]) == ("BAC", "NB", "1998-01-02")
    error = ask("show", "NB", "--catalog", str(catalog), code=6)["error"]
    assert "'NB' was the ticker of 'BAC' from 1998-01-02 to 1998-09-30" in error["message"]
    assert (
        ask("show", "NB", "--date", "1998-10-01", "--catalog", str(catalog), code=6)["error"]["code"]
        == "UNKNOWN_INSTRUMENT"
    )
    outcome = periscope_command("instruments", "show", "BAC", "--catalog", str(catalog))
    assert "NB from 1998-01-02 to 1998-09-30, BAC from 1998-10-01\n" in outcome.out


def test_lists_are_filtered(ask: Any, catalog: Path) -> None:
    everything = ask("list", "--catalog", str(catalog))
    assert [each["symbol"] for each in everything["instruments"]] == ["BAC", "ESM14", "ESZ13", "SPY", "SXZ23"]
    assert len(everything["roots"]) >= 50
    of_root = ask("list", "--root", "es", "--catalog", str(catalog))
    assert [each["symbol"] for each in of_root["instruments"]] == ["ESM14", "ESZ13"]
    assert [each["root"] for each in of_root["roots"]] == ["ES"]
    equities = ask("list", "--asset-type", "equity", "--catalog", str(catalog))
    assert ([each["symbol"] for each in equities["instruments"]], equities["roots"]) == (["BAC"], [])
    metals = ask("list", "--exchange", "COMEX")
    assert [each["root"] for each in metals["roots"]] == ["GC", "HG", "MGC", "SI"]


def test_a_list_for_people(periscope_command: Command, catalog: Path) -> None:
    outcome = periscope_command("instruments", "list", "--root", "ES", "--catalog", str(catalog))
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines if line] == ["symbol", "ESM14", "ESZ13", "root", "ES"]
    assert "2 instruments in the catalog, 1 known futures root" in outcome.err


@pytest.mark.parametrize(
    ("words", "code", "name", "says"),
    [
        (("chain", "ES"), 2, "DATES_REQUIRED", "say of when"),
        (("chain", "EZ", "--date", "2013-10-07"), 6, "UNKNOWN_ROOT", "did you mean"),
        (("chain", "ESZ13", "--date", "2013-10-07"), 6, "UNKNOWN_ROOT", "'ESZ13' is a contract of the root 'ES'"),
        (("chain", "01234", "--date", "2013-10-07"), 6, "UNKNOWN_ROOT", "instruments list"),
        (("chain", "ES", "--date", "tomorrow"), 2, "USAGE", "a day such as 2013-10-07"),
        (("chain", "ES", "--date", "2013-10-07", "--to", "2014-01-01"), 2, "USAGE", "--date goes without"),
        (("chain", "ES", "--from", "2014-01-01", "--to", "2013-01-01"), 2, "USAGE", "is before"),
        (("chain", "ES", "--date", "2200-01-01"), 2, "USAGE", "between 1970-01-01 and 2069-12-31"),
        (("show", "QWERTY"), 6, "UNKNOWN_INSTRUMENT", "no instruments yet"),
        (("show", "ESS", "--asset-type", "FUTURE"), 6, "UNKNOWN_INSTRUMENT", "no FUTURE 'ESS'"),
        (("list", "--asset-type", "COW"), 2, "USAGE", "--asset-type"),
        (("list", "--catalog", "nowhere"), 5, "NO_CATALOG", "no data yet"),
    ],
)
def test_refusals(words: tuple[str, ...], code: int, name: str, says: str, ask: Any) -> None:
    error = ask(*words, code=code)["error"]
    assert error["code"] == name
    assert says in error["message"]


def test_found_under_another_asset_type(ask: Any, catalog: Path) -> None:
    error = ask("show", "ESZ13", "--asset-type", "EQUITY", "--catalog", str(catalog), code=6)["error"]
    assert error["message"] == "no EQUITY 'ESZ13' in the catalog; 'ESZ13' exists as FUTURE"


@pytest.mark.parametrize("day", ["1970-01-01", "2069-12-31"])
def test_the_ends_of_time(day: str, ask: Any) -> None:
    for root in ("ES", "CL", "B", "SR3", "FGBL"):
        ask("chain", root, "--date", day)
    ask("show", "ESZ9", "--date", day, code=0 if day < "2069-12-20" else 6)
