"""What an import shows while it works: lines of progress beside the result, and the option for decimal commas."""

import json
from pathlib import Path

import pytest

from periscope.cli.import_display import import_display
from periscope.cli.main import main

GERMAN = "Datum;open;high;low;close;volume\n02.01.2020;1.100,25;1.101;1.099,5;1.100;12.500\n".replace("Datum", "date")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_lines_of_progress_are_printed_where_no_terminal_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("periscope.cli.import_display.SECONDS_BETWEEN_LINES", 0.0)
    (folder / "spy.csv").write_text("date,open,high,low,close,volume\n2020-01-02,1,1,1,1,1\n")
    assert main(["data", "import", "spy.csv", "--catalog", "catalog", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["series"][0]["rows"] == 1
    assert "100%  53 of 53 · spy.csv" in printed.err
    assert "checking and storing" in printed.err


def test_between_the_lines_it_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with import_display() as progress:
        progress(1, 2, "half")
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with import_display() as progress:
        progress(30_000_000, 60_000_000, "spy.csv")
    shown = capsys.readouterr().err
    assert "30.0 MB of 60.0 MB" in shown
    assert "50%" in shown


def test_decimal_commas(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sie.csv").write_text(GERMAN)
    words = ["data", "import", "sie.csv", "--catalog", "catalog", "--json", "--date-format", "%d.%m.%Y"]
    assert main([*words, "--decimal", "dot"]) == 2
    assert "point, comma" in capsys.readouterr().err
    assert main([*words, "--decimal", "comma"]) == 0
    assert json.loads(capsys.readouterr().out)["series"][0]["volume"] == "12500"
