"""Data, instruments and sessions over HTTP."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from periscope.instruments.session_documents import days_document, exchange_document
from periscope.instruments.sessions import sessions_for
from periscope.market.catalog import Catalog
from tests.cli.command import Command
from tests.cli.conftest import periscope_command
from tests.server.serving import Served
from tests.server.test_basics import problem
from tests.server.test_strategies import code, pages

__all__ = ["periscope_command"]

CSV = b"""time,open,high,low,close,volume
2024-01-23T09:30:00-05:00,10,11,9,10.5,100
2024-01-23T09:31:00-05:00,10.5,11,10,10.75,200
"""
SAID = {"symbol": "BBB", "span": "minute", "stamp": "start"}
BROKEN = CSV.replace(b"10.5,11,10,10.75", b"10.5,9,10,10.75")


def both(command: Command, served: Served, path: str, *words: str, **query: Any) -> tuple[Any, Any]:
    """What the API says, and what the command line says of the same catalog, without its place."""
    answer = served.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    said = command(*words, "--catalog", str(served.lab.folder / "catalog"), "--json").json
    assert str(served.lab.folder) not in answer.text
    return answer.json(), {name: part for name, part in said.items() if name != "catalog"}


def test_series_are_as_the_command_line_shows_them(unchanged: Served, periscope_command: Command) -> None:
    answer, said = both(periscope_command, unchanged, "data/series", "data", "list")
    assert (answer["items"], answer["count"], answer["next"]) == (said["series"], 1, None)
    assert (
        both(periscope_command, unchanged, "data/series/aaa", "data", "show", "AAA")[0]
        == (both(periscope_command, unchanged, "data/series/AAA", "data", "show", "AAA")[1])
    )
    answer, said = both(periscope_command, unchanged, "data/series/AAA/quality", "data", "check", "AAA")
    assert answer == {name: part for name, part in said.items() if name != "report"}
    limited = unchanged.client.get("data/series/AAA/quality", params={"from": "2024-01-22", "to": "2024-01-22"})
    assert limited.json()["bars"] == 390


def test_what_is_not_stored_is_not_found(unchanged: Served) -> None:
    client = unchanged.client
    assert code(client.get("data/series/NONE")) == "UNKNOWN_INSTRUMENT"
    assert code(client.get("data/series/AAA", params={"span": "day"})) == "SPAN_NOT_AVAILABLE"
    assert code(client.get("data/series/AAA/quality", params={"span": "day"})) == "SPAN_NOT_AVAILABLE"
    assert code(client.get("data/series/AAA/quality", params={"from": "2025-01-01"})) == "NO_BARS"
    assert code(client.get("data/series/AAA/quality", params={"from": "2024-02-01", "to": "2024-01-01"})) == "INVALID"
    for wrong in ({"from": "0001-01-01"}, {"to": "9999-12-31"}, {"from": "x"}, {"span": "week"}, {"asset_type": "x"}):
        assert code(client.get("data/series/AAA/quality", params=wrong)) == "INVALID"
    for name in ("..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "a" * 200, "%ED%A0%80", "ä"):
        for path in (f"data/series/{name}", f"data/series/{name}/quality", f"instruments/{name}"):
            assert code(client.get(path)) in ("UNKNOWN_INSTRUMENT", "NOT_FOUND", "INVALID"), path


def test_a_file_is_imported_as_the_command_line_does(served: Served, periscope_command: Command) -> None:
    query = {"symbol": "BBB", "span": "minute", "exchange": "XNYS", "stamp": "start"}
    answer = served.client.post("data/imports", params=query | {"name": "b.csv"}, content=CSV)
    assert answer.status_code == 200, answer.text
    Path("b.csv").write_bytes(CSV)
    words = (
        "--symbol",
        "BBB",
        "--span",
        "minute",
        "--exchange",
        "XNYS",
        "--stamp",
        "start",
        "--catalog",
        "other",
        "--json",
    )
    said = periscope_command("data", "import", "b.csv", *words).json
    assert answer.json() == {name: part for name, part in said.items() if name != "catalog"}
    assert [each["symbol"] for each in pages(served, "data/series", limit=1)] == ["AAA", "BBB"]
    again = served.client.post("data/imports", params=query, content=gzip.compress(CSV))
    assert (again.json()["series"][0]["added"], again.json()["series"][0]["unchanged"]) == (0, 2)
    other = CSV.replace(b",100\n", b",101\n")
    assert code(served.client.post("data/imports", params=query, content=other)) == "CATALOG_CONFLICT"
    won = served.client.post("data/imports", params=query | {"replace": True}, content=other)
    assert won.json()["series"][0]["replaced"] == 1
    assert not list((served.store.place.folder / "work").glob("*"))


def test_rows_that_are_none_are_named(served: Served) -> None:
    query = {"symbol": "BBB", "span": "minute", "stamp": "start", "name": "b.csv"}
    answer = served.client.post("data/imports", params=query, content=BROKEN)
    refused = problem(answer)
    assert refused["code"] == "IMPORT_REFUSED"
    found = [(each["code"], each["where"], each["line"]) for each in refused["problems"]]
    assert found == [("BAD_OHLC", "b.csv", None), ("BAD_OHLC", "b.csv:3", 3)]
    assert str(served.store.place.folder) not in answer.text
    assert [each["symbol"] for each in pages(served, "data/series")] == ["AAA"]
    skipped = served.client.post("data/imports", params=query | {"skip_bad_rows": True}, content=BROKEN).json()
    assert (skipped["skipped_rows"], skipped["series"][0]["rows"]) == (1, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0" * 1000, b"PAR1" + b"x" * 100, b"ARROW1" + b"x" * 100, b"DBN\x01" + b"x" * 100, b"PK\3\4" + b"x" * 99,
        b"\x1f\x8b" + b"x" * 99, b"[" * 100_000, b'{"a": 1e999}', gzip.compress(b"0" * 90_000_000), b"a,b\n1,2\n",
        "\ufeffé".encode("utf-16"), b'time,open\n"' + b"x" * 100_000,
    ],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_table_of_bars_is_refused(unchanged: Served, body: bytes) -> None:
    answer = unchanged.client.post("data/imports", params=SAID, content=body)
    assert code(answer) == "IMPORT_REFUSED", answer.text
    assert problem(answer)["problems"]
    assert str(unchanged.lab.folder) not in answer.text
    assert [each["symbol"] for each in pages(unchanged, "data/series")] == ["AAA"]
    assert not list((unchanged.store.place.folder / "work").glob("*"))


@pytest.mark.parametrize(
    "query",
    [
        {"name": "../b.csv"}, {"name": "a/b"}, {"name": ".b"}, {"name": ""}, {"name": "a" * 101}, {"name": "b\0"},
        {"format": "lean"}, {"format": "x"}, {"tick": "0"}, {"tick": "NaN"}, {"tick": "1e-9999"}, {"tick": "-1"},
        {"multiplier": "1e9999"}, {"span": "week"}, {"stamp": "middle"}, {"decimal": ";"}, {"symbol": ""},
        {"symbol": "a\0"}, {"symbol": "A" * 65}, {"tz": "../../etc/passwd"}, {"tz": "Mars/Olympus"},
        {"exchange": "../x"}, {"date_format": "%"}, {"date_format": "%Q" * 40}, {"currency": "X" * 200},
    ],
    ids=str,
)  # fmt: skip
def test_options_that_are_none_are_refused(unchanged: Served, query: dict[str, str]) -> None:
    answer = unchanged.client.post("data/imports", params=SAID | query, content=CSV)
    assert code(answer) in ("INVALID", "IMPORT_UNCLEAR", "IMPORT_REFUSED"), answer.text
    assert str(unchanged.lab.folder) not in answer.text
    assert [each["symbol"] for each in pages(unchanged, "data/series")] == ["AAA"]


def test_a_symbol_is_no_path(served: Served) -> None:
    root = served.lab.folder
    before = {path for path in root.rglob("*") if path.is_file()}
    for symbol in ("../../x", "A/B", "/etc"):
        answer = served.client.post("data/imports", params=SAID | {"symbol": symbol}, content=CSV)
        assert answer.json()["series"][0]["symbol"] == symbol.upper()
    new = {path for path in root.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(root / "catalog") for path in new), new
    assert len(list((root / "catalog" / "bars" / "EQUITY").iterdir())) == 4


def test_an_upload_makes_the_first_catalog(served: Served) -> None:
    for path in sorted((served.lab.folder / "catalog").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (served.lab.folder / "catalog").rmdir()
    assert code(served.client.get("data/series")) == "NO_CATALOG"
    made = served.client.post("data/imports", params=SAID, content=CSV)
    assert made.status_code == 200
    assert [each.symbol for each in Catalog(served.lab.folder / "catalog").instruments.all()] == ["BBB"]


def test_instruments_are_as_the_command_line_shows_them(unchanged: Served, periscope_command: Command) -> None:
    answer, said = both(periscope_command, unchanged, "instruments", "instruments", "list")
    assert answer["items"] == said["instruments"]
    assert pages(unchanged, "instruments/roots", limit=10) == said["roots"]
    answer, said = both(periscope_command, unchanged, "instruments/AAA", "instruments", "show", "AAA")
    assert answer == said
    words = ("instruments", "show", "ESZ13", "--date", "2013-10-07")
    answer, said = both(periscope_command, unchanged, "instruments/ESZ13", *words, date="2013-10-07")
    assert answer == said
    words = ("instruments", "chain", "ES", "--date", "2024-03-01")
    answer, said = both(periscope_command, unchanged, "instruments/roots/es/chain", *words, date="2024-03-01")
    assert answer == said
    assert pages(unchanged, "instruments", asset_type="FUTURE") == []


def test_a_chain_that_is_not_clear_is_refused(unchanged: Served) -> None:
    client = unchanged.client
    assert code(client.get("instruments/roots/NONE/chain")) == "UNKNOWN_ROOT"
    assert code(client.get("instruments/roots/..%2Fx/chain")) in ("UNKNOWN_ROOT", "NOT_FOUND")
    assert code(client.get("instruments/ESZ3")) == "AMBIGUOUS_CONTRACT"
    wrongs: tuple[dict[str, str], ...] = (
        {"date": "2024-01-01", "from": "2024-01-01"},
        {"from": "2024-02-01", "to": "2024-01-01"},
        {"date": "0001-01-01"},
        {"to": "9999-12-31"},
        {"date": "2024-01-01", "count": "201"},
    )
    for wrong in wrongs:
        assert code(client.get("instruments/roots/ES/chain", params=wrong)) == "INVALID", wrong
    whole = client.get("instruments/roots/ES/chain", params={"from": "1970-01-01", "to": "2069-12-31", "serial": True})
    assert whole.status_code == 200


def test_sessions_are_as_the_command_line_shows_them(unchanged: Served, periscope_command: Command) -> None:
    assert pages(unchanged, "sessions") == periscope_command("sessions", "--json").json["exchanges"]
    for extended in (False, True):
        found = sessions_for("XNYS", extended=extended)
        shown = unchanged.client.get("sessions/xnys", params={"extended": extended})
        assert shown.json() == json.loads(json.dumps(exchange_document("XNYS", found)))
    said = periscope_command("sessions", "CME", "2024-07-03", "2024-07-05", "--json").json
    days = unchanged.client.get("sessions/CME/days", params={"from": "2024-07-03", "to": "2024-07-05"})
    assert days.json() == said
    assert said["days"] == days_document("CME", sessions_for("CME"), [])["days"] + said["days"]


def test_a_window_of_sessions_is_bounded(unchanged: Served) -> None:
    client = unchanged.client
    year = client.get("sessions/XNYS/days", params={"from": "2024-01-01", "to": "2024-12-31"}).json()
    assert len(year["days"]) == 366
    for window in (("2024-01-02", "2024-01-01"), ("2000-01-01", "2024-01-01"), ("0001-01-01", "9999-12-31"), ("x", "")):
        assert code(client.get("sessions/XNYS/days", params={"from": window[0], "to": window[1]})) == "INVALID"
    for day in ("0001-01-01", "9999-12-31", "1850-01-01"):
        assert code(client.get("sessions/XNYS/days", params={"from": day, "to": day})) == "OUTSIDE_SESSION_TABLE"
    assert code(client.get("sessions/XNYS/days")) == "INVALID"
    for name in ("NOPE", "..%2Fx", "%2e%2e", "a%00"):
        for path in (f"sessions/{name}", f"sessions/{name}/days?from=2024-01-01&to=2024-01-01"):
            assert code(client.get(path)) in ("UNKNOWN_EXCHANGE", "NOT_FOUND", "INVALID")
