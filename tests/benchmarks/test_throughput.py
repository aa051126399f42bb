"""The throughput benchmark's own arithmetic, and a tiny run of Periscope through it."""

import json
from collections.abc import Callable

import pytest

from benchmarks.engines.job import Case, Outcome
from benchmarks.summary import Run, disagreements, summarise, table
from benchmarks.throughput import main


def run_of(module: str, number: int, seconds: float, *, orders: int = 4, value: str = "100.00") -> Run:
    outcome = Outcome(
        engine=module.title(),
        version="1.0",
        bars=1_000,
        orders=orders,
        final_value=value,
        load_seconds=0.5,
        run_seconds=seconds,
    )
    return Run(module, Case.CROSS, number, outcome, process_seconds=seconds + 1, peak_bytes=10**8)


def test_ratios_are_paired_within_a_round() -> None:
    runs = [run_of("slow", 1, 1.0), run_of("quick", 1, 0.1), run_of("slow", 2, 4.0), run_of("quick", 2, 0.2)]
    slow, quick = summarise(runs, Case.CROSS, reference="slow")
    assert [slow.ratio, quick.ratio] == pytest.approx([1.0, 15.0])
    assert quick.rates == pytest.approx((10_000, 5_000))
    assert "15.00" in table([slow, quick], reference="slow")


def test_no_reference_gives_no_ratio() -> None:
    [row] = summarise([run_of("quick", 1, 0.1)], Case.CROSS, reference="slow")
    assert row.ratio is None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (run_of("other", 1, 1.0, orders=8), "8 orders instead of 4"),
        (run_of("other", 1, 1.0, value="102.00"), "ends with"),
    ],
)
def test_engines_that_did_other_work_are_named(other: Run, words: str) -> None:
    runs = [run_of("one", 1, 1.0), other]
    assert any(words in sentence for sentence in disagreements(runs, bars=1_000, orders={Case.CROSS: 4}))
    assert not disagreements(runs[:1], bars=1_000, orders={Case.CROSS: 4})


def test_periscope_runs_through_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The case without orders; the other is below."""
    pytest.importorskip("periscope.runs.backtest")
    options = ["--rounds", "1", "--cases", "empty", "--engines", "periscope_engine", "--json"]
    assert main(["--bars", "2000", *options]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["engine"] for row in document["rows"]] == ["Periscope"]
    assert document["problems"] == []


def test_the_sandbox_is_compared_with_none(capsys: pytest.CaptureFixture[str], cases: Callable[..., int]) -> None:
    rounds = cases(1, 2)
    assert main(["--bars", "2000", "--rounds", str(rounds), "--cases", "cross", "--sandbox"]) == 0
    captured = capsys.readouterr()
    assert "of its speed without a sandbox, wanted 0.95 at least" in captured.out
    said = [line.rpartition(":")[0] for line in captured.err.splitlines() if line.startswith("cross, ")]
    turns = [
        "cross, round 1, Periscope",
        "cross, round 1, Periscope, unconfined",
        "cross, round 2, Periscope, unconfined",
        "cross, round 2, Periscope",
    ]
    assert said == turns[: 2 * rounds]
