"""`periscope backtest` around the runner: options, config, output, exit codes."""

import json
from pathlib import Path

import pytest

from periscope.cli import summary
from periscope.cli.live import Lines
from periscope.execution.slippage import Ticks
from periscope.instruments.times import time_text
from periscope.runs.progress import Progress
from tests.cli.command import Command, FakeRunner, result_document


def test_the_bundles_own_config_is_the_default_and_options_lie_over_it(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    words = ("--start", "2023-01-03", "--set", "length=5", "--core", "slippage.ticks=2", "--quiet", "--json")
    outcome = periscope_command("backtest", "cross", *words)
    assert outcome.code == 0, outcome.err
    assert outcome.json == runner.answer
    ((bundle, config, out),) = runner.asked
    assert bundle == workspace / "strategies" / "cross"
    assert out is None
    assert time_text(config.environment.start) == "2023-01-03T05:00:00Z"
    assert time_text(config.environment.end) == "2023-12-30T05:00:00Z"
    assert config.strategy["length"] == 5
    assert config.strategy["symbol"] == "ALFA"
    assert config.settings.slippage == Ticks(2)
    assert config.core["fees"]["per_share"] == "0.005"


def test_a_config_file_replaces_the_bundles_own(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    window = {"start": "2022-01-03T00:00:00Z", "end": "2022-02-01T00:00:00Z"}
    (workspace / "other.json").write_text(json.dumps({"environment": window, "strategy": {"symbol": "BETA"}}))
    assert periscope_command("backtest", "strategies/cross", "--config", "other.json", "--quiet").code == 0
    ((_, config, _),) = runner.asked
    assert config.strategy == {"symbol": "BETA"}
    assert config.core["fees"] == "none"


def test_every_problem_of_the_config_is_told_at_once(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    words = ("--start", "yesterday", "--core", "fill_modle=next_bar", "--core", "calendar=XNYS")
    outcome = periscope_command("backtest", "cross", *words)
    assert outcome.code == 3
    assert "error[CONFIG_INVALID]" in outcome.err
    for part in ("environment.start", "BAD_DATE", "did you mean fill_model", "UNKNOWN_KEY", "NOT_AVAILABLE"):
        assert part in outcome.err
    assert not runner.asked


@pytest.mark.parametrize(
    ("text", "says"), [("{", "line 1"), ('{"core": {}, "core": {}}', "DUPLICATE_KEY"), ("[]", "expected an object")]
)
def test_a_config_that_is_no_config(
    periscope_command: Command, workspace: Path, runner: FakeRunner, text: str, says: str
) -> None:
    (workspace / "bad.json").write_text(text)
    outcome = periscope_command("backtest", "cross", "--config", "bad.json")
    assert outcome.code == 3
    assert says in outcome.err


def test_a_misspelt_strategy_gets_near_names(periscope_command: Command, workspace: Path) -> None:
    outcome = periscope_command("backtest", "corss")
    assert outcome.code == 6
    assert "did you mean cross?" in outcome.err


def test_without_data_it_says_how_to_get_some(periscope_command: Command) -> None:
    periscope_command("init")
    periscope_command("new", "cross")
    outcome = periscope_command("backtest", "cross")
    assert outcome.code == 5
    assert "periscope data sample" in outcome.err


def test_the_runners_exit_code_is_the_commands(periscope_command: Command, workspace: Path, runner: FakeRunner) -> None:
    runner.exit_code = 4
    runner.answer = result_document(
        status="error",
        issues=[
            {
                "code": "STRATEGY_EXCEPTION",
                "severity": "fatal",
                "message": "on_bar: ZeroDivisionError \x1b[31m[bold]",
                "count": 3,
                "location": {"file": "strategy.py", "line": 31, "function": "on_bar"},
            }
        ],
    )
    outcome = periscope_command("backtest", "cross")
    assert outcome.code == 4
    assert "STRATEGY_EXCEPTION" in outcome.out
    assert "×3" in outcome.out
    assert "strategy.py:31: on_bar: ZeroDivisionError  [31m[bold]" in outcome.out
    assert "\x1b" not in outcome.out


def test_the_summary_tells_value_costs_and_hash(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    text = periscope_command("backtest", "cross", "--out", "runs/first").out
    for part in ("complete", "39 bars", "100,432.12", "0.43%", "-1.23%", "no trading costs modelled", "ab" * 32):
        assert part in text
    assert "runs/first/report.html" in text
    assert (workspace / "runs" / "first" / "report.html").exists()


def test_out_is_made_reused_and_never_mixed_with_other_files(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    assert periscope_command("backtest", "cross", "--out", "runs/a").code == 0
    assert periscope_command("backtest", "cross", "--out", "runs/a").code == 0
    (workspace / "letters").mkdir()
    (workspace / "letters" / "one.txt").write_text("dear")
    outcome = periscope_command("backtest", "cross", "--out", "letters")
    assert outcome.code == 2
    assert "error[OUT_NOT_EMPTY]" in outcome.err
    outcome = periscope_command("backtest", "cross", "--out", "letters/one.txt")
    assert outcome.code == 2
    assert "error[OUT_IS_A_FILE]: --out names a file" in outcome.err
    assert "Errno" not in outcome.err
    outcome = periscope_command("backtest", "cross", "--out", "letters/one.txt/below")
    assert outcome.code == 2
    assert "Errno" not in outcome.err
    assert len(runner.asked) == 2


def test_open_shows_the_report_in_a_browser(
    periscope_command: Command, workspace: Path, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    assert periscope_command("backtest", "cross", "--open").code == 0
    assert opened == [(workspace / "runs" / "cross" / "report.html").as_uri()]


def test_progress_elsewhere_than_on_a_terminal_is_a_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    lines = Lines()
    for second in range(25):
        now = float(second)
        lines(
            Progress(
                fraction=second / 25,
                simulation_time=1_680_000_000_000_000,
                bars=second * 1000,
                orders=second,
                bars_per_second=1000,
                seconds_left=25.0 - second,
            )
        )
    assert capsys.readouterr().err.splitlines() == [
        " 40%  2023-03-28 10:40 · 10,000 bars · 1,000 bars/s · 10 orders · 15 s left",
        " 80%  2023-03-28 10:40 · 20,000 bars · 1,000 bars/s · 20 orders · 5 s left",
    ]


@pytest.mark.parametrize(
    ("make", "value", "text"),
    [
        (summary.percent, None, "–"),
        (summary.percent, -0.01234, "-1.23%"),
        (summary.money, "-1234567.891", "-1,234,567.89"),
        (summary.money, None, "–"),
        (summary.number, 1.2345, "1.23"),
        (summary.number, 7, "7"),
        (summary.number, None, "–"),
    ],
)
def test_figures(make: object, value: object, text: str) -> None:
    assert callable(make)
    assert make(value) == text
