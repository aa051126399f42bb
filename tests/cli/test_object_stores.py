"""The command line over a catalog in an object store: everything that works with a folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from periscope.cli.main import main
from tests.market.stores import s3, s3_url, unreachable_s3  # noqa: F401 - fixtures
from tests.runs.lab import HEADER, SCHEMA

SOURCE = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("ALFA"), cash("100000")]
    async def on_bar(self, event):
        self.bars += 1
        return [order("BUY" if self.bars % 100 else "CLOSE", 1, "ALFA")] if self.bars % 50 == 0 else []
"""
WINDOW = ("--start", "2023-11-06", "--end", "2023-11-07")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one strategy, which is the current folder."""
    assert main(["init", str(tmp_path / "work")]) == 0
    monkeypatch.chdir(tmp_path / "work")
    folder = Path("strategies") / "buyer"
    folder.mkdir(parents=True)
    (folder / "strategy.py").write_text(HEADER + SOURCE)
    (folder / "config_schema.json").write_text(SCHEMA)
    return tmp_path / "work"


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    found = main([*words, "--json"])
    told = capsys.readouterr()
    assert found == code, told.err
    assert "Traceback" not in told.err
    document: dict[str, Any] = json.loads(told.out)
    return document


def test_a_run_over_a_store_is_that_over_a_folder(
    s3: str,  # noqa: F811
    workspace: Path,
    sample_market: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    marker = workspace / "periscope.toml"
    marker.write_text(marker.read_text().replace('catalog = "catalog" ', f'catalog = "{s3}" '))
    assert ask(capsys, "data", "sample")["catalog"] == s3
    shutil.copytree(sample_market, "here")
    remote = ask(capsys, "backtest", "buyer", *WINDOW, "--quiet", "--out", "runs/remote")
    local = ask(capsys, "backtest", "buyer", *WINDOW, "--quiet", "--out", "runs/local", "--catalog", "here")
    assert remote["fills"] > 0
    assert (remote["hash"], remote["data"], remote["statistics"]) == (
        local["hash"],
        local["data"],
        local["statistics"],
    )
    assert (remote["catalog"], local["catalog"]) == (s3, "here")
    assert "bars-0" in Path("runs/remote/report.html").read_text()
    assert ask(capsys, "data", "diff", "runs/remote")["catalog"] == s3
    assert ask(capsys, "data", "diff", "runs/remote", "--catalog", "here")["same"] is True

    everywhere = {}
    for where in (s3, "here"):
        listed = ask(capsys, "data", "list", "--catalog", where)["series"]
        shown = ask(capsys, "data", "show", "ALFA", "--catalog", where)["instruments"]
        kept = ask(capsys, "data", "versions", "ALFA", "--catalog", where)["files"]
        rolls = ask(capsys, "instruments", "rolls", "SX", "--catalog", where) | {"catalog": ""}
        everywhere[where] = (listed, shown, kept, rolls)
    assert everywhere[s3] == everywhere["here"]


def test_imports_go_to_a_store(s3: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    file = tmp_path / "spy.csv"
    lines = ["time,open,high,low,close,volume"]
    lines += [f"2024-05-14 09:{minute},521.10,521.50,521.00,521.25,900" for minute in range(30, 60)]
    file.write_text("\n".join(lines) + "\n")
    words = ("--span", "minute", "--stamp", "start", "--tz", "America/New_York", "--exchange", "ARCX")
    command = ("data", "import", str(file), "--symbol", "SPY", "--asset-type", "ETF", *words, "--catalog", s3)
    assert ask(capsys, *command)["series"][0]["added"] == 30
    assert ask(capsys, *command)["series"][0]["unchanged"] == 30
    file.write_text(file.read_text().replace("521.25,900", "521.30,900", 1))
    assert ask(capsys, *command, code=5)["error"]["code"] == "CATALOG_CONFLICT"
    assert ask(capsys, *command, "--replace")["series"][0]["replaced"] == 1
    assert ask(capsys, "data", "check", "--catalog", s3, code=5)["catalog"] == s3
    assert len(ask(capsys, "data", "versions", "SPY", "--catalog", s3)["files"]) == 2
    pruned = ask(capsys, "data", "prune", "--yes", "--catalog", s3)
    assert sorted(name.rpartition(".")[2] for name in pruned["files"]) == ["json", "parquet"]
    assert len(ask(capsys, "data", "versions", "SPY", "--catalog", s3)["files"]) == 1


def test_what_is_wrong_with_an_address(
    s3: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for where, code, name in (
        (s3, 5, "CATALOG_NOT_FOUND"),
        ("s3://no-such-bucket/prefix", 5, "CATALOG_NOT_FOUND"),
        ("nothing://here", 2, "CATALOG_ADDRESS"),
        ("s3://", 2, "CATALOG_ADDRESS"),
        ("s3:///", 2, "CATALOG_ADDRESS"),
        ("://", 2, "CATALOG_ADDRESS"),
    ):
        assert ask(capsys, "data", "list", "--catalog", where, code=code)["error"]["code"] == name, where


def test_a_store_that_nobody_answers_for(unreachable_s3: str, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    told = ask(capsys, "data", "sample", "--catalog", unreachable_s3, code=7)["error"]
    assert told["code"] == "CATALOG_UNREACHABLE"
