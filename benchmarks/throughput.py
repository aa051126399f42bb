"""The same bars and the same logic through Periscope and other engines: bars a second, seconds in all, memory.

Run it with `uv run --group benchmarks python -m benchmarks.throughput`. What is measured and what is not equal is in
docs/benchmarks.md.
"""

import argparse
import importlib.util
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.bars import cross_orders, make_bars
from benchmarks.engines.job import Case, Outcome
from benchmarks.process import run_watched
from benchmarks.summary import Run, disagreements, summarise, table

ROOT = Path(__file__).parent.parent
ENGINES = {
    "periscope_engine": "periscope.runs.backtest",
    "periscope_unconfined": "periscope.runs.backtest",
    "nautilus": "nautilus_trader",
    "nautilus_tuned": "nautilus_trader",
    "backtesting_py": "backtesting",
    "backtrader_engine": "backtrader",
}
"""Each adapter with the module that must be importable for it."""

UNCONFINED = "periscope_unconfined"
OTHERS = [name for name in ENGINES if name != UNCONFINED]
REFERENCE = "nautilus"
WANTED = {Case.EMPTY: 8.0, Case.CROSS: 40.0}
"""How many times the reference Periscope is to reach."""
WANTED_CONFINED = 0.95
"""What part of its speed Periscope is to keep in its sandbox."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; 0 if all ran and agreed, 1 otherwise."""
    choices = _choices(arguments)
    engines = [name for name in choices.engines if _importable(ENGINES[name])]
    for name in set(choices.engines) - set(engines):
        _say(f"{name}: {ENGINES[name]} is not installed, left out")
    bars = make_bars(choices.bars)
    expected = {Case.EMPTY: 0, Case.CROSS: cross_orders(bars.close, choices.fast, choices.slow)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bars.save(folder / "bars.npz")
        if {"periscope_engine", UNCONFINED} & set(engines):
            _write_catalog(folder)
        outcomes = list(_rounds(choices, engines, folder))
    runs = [outcome for outcome in outcomes if isinstance(outcome, Run)]
    problems = [outcome for outcome in outcomes if isinstance(outcome, str)]
    problems += disagreements(runs, bars=choices.bars, orders=expected)
    (_print_json if choices.json else _print_tables)(choices, runs, problems)
    return 1 if problems else 0


def _choices(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=Case, nargs="+", default=list(Case), metavar="CASE", help="empty, cross")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--engines", nargs="+", default=OTHERS, choices=list(ENGINES), metavar="ENGINE")
    which.add_argument(
        "--sandbox",
        dest="engines",
        action="store_const",
        const=["periscope_engine", UNCONFINED],
        help="compare Periscope with itself without its sandbox, and nothing else",
    )
    parser.add_argument("--fast", type=int, default=10, help="bars in the fast mean")
    parser.add_argument("--slow", type=int, default=31, help="bars in the slow mean")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    return parser.parse_args(arguments)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _write_catalog(folder: Path) -> None:
    """In a process of its own, so that this one stays small."""
    code = "import sys, pathlib; from benchmarks.engines.periscope_engine import prepare; "
    finished = run_watched(
        [sys.executable, "-c", f"{code}prepare(pathlib.Path(sys.argv[1]))", str(folder)], folder=ROOT
    )
    if finished.code:
        raise SystemExit(f"the catalog could not be written:\n{finished.errors}")


def _rounds(choices: argparse.Namespace, engines: list[str], folder: Path) -> Iterator[Run | str]:
    for case in choices.cases:
        for number in range(1, choices.rounds + 1):
            for engine in engines if number % 2 else engines[::-1]:
                done = _one(engine, case, number, choices, folder)
                if isinstance(done, Run):
                    _say(f"{case.value}, round {number}, {done.outcome.engine}: {done.rate:,.0f} bars/s")
                yield done


def _one(engine: str, case: Case, number: int, choices: argparse.Namespace, folder: Path) -> Run | str:
    cross = ["--fast", str(choices.fast), "--slow", str(choices.slow)]
    command = [sys.executable, "-m", "benchmarks.worker", engine, case.value, str(folder), *cross]
    finished = run_watched(command, folder=ROOT)
    if finished.code:
        return f"{engine}, {case.value}, round {number} failed:\n{finished.errors[-2000:]}"
    outcome = Outcome(**json.loads(finished.output.splitlines()[-1]))
    return Run(engine, case, number, outcome, finished.seconds, finished.peak_bytes)


def _print_tables(choices: argparse.Namespace, runs: list[Run], problems: list[str]) -> None:
    print(_machine(choices))
    for case in choices.cases:
        reference = _reference(choices)
        rows = summarise(runs, case, reference=reference)
        print(f"\n{case.value}\n{table(rows, reference='Nautilus' if reference == REFERENCE else 'unconfined')}")
        ours = [row.ratio for row in rows if row.engine == "Periscope" and row.ratio is not None]
        if ours and reference == REFERENCE:
            print(f"Periscope: {ours[0]:.1f} times Nautilus Trader, wanted {WANTED[case]:.0f}")
        elif ours:
            print(f"Periscope: {ours[0]:.3f} of its speed without a sandbox, wanted {WANTED_CONFINED:.2f} at least")
    for problem in problems:
        print(f"\nPROBLEM {problem}")


def _print_json(choices: argparse.Namespace, runs: list[Run], problems: list[str]) -> None:
    reference = _reference(choices)
    rows = [row for case in choices.cases for row in summarise(runs, case, reference=reference)]
    document = {
        "machine": _machine(choices),
        "bars": choices.bars,
        "rounds": choices.rounds,
        "reference": reference,
        "rows": [asdict(row) for row in rows],
        "runs": [asdict(run) for run in runs],
        "problems": problems,
    }
    print(json.dumps(document, indent=2))


def _reference(choices: argparse.Namespace) -> str:
    """Periscope is compared with itself where no other engine was asked for."""
    return UNCONFINED if set(choices.engines) == {"periscope_engine", UNCONFINED} else REFERENCE


def _machine(choices: argparse.Namespace) -> str:
    cores = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{choices.bars:,} minute bars, {choices.rounds} rounds, {cores} cores, {python}, {platform.machine()}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
