"""Runs the examples as a user would, and says what of a result is expected to stay as it is."""

import json
from pathlib import Path
from typing import Any

from periscope.market.catalog import Catalog
from periscope.runs.backtest import RunResult, run_backtest
from periscope.runs.config import RunConfig, merge_overrides, parse_run_config, read_document
from periscope.runs.exchanges import exchanges_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/strategy.py"))
FIGURES = ("status", "bars", "orders", "fills", "open_orders", "final_value", "net_trading_cash", "hash", "statistics")


def expectations(name: str) -> list[dict[str, Any]]:
    """The runs of an example that are checked: `set` are changes to its parameters, the rest is what comes out."""
    runs: list[dict[str, Any]] = json.loads((EXAMPLES / name / "expected.json").read_text())["runs"]
    return runs


def config_of(name: str, catalog: Catalog, sets: list[str], **environment: str) -> RunConfig:
    """The example's run.json with changes to its parameters and its window."""
    document = merge_overrides(read_document((EXAMPLES / name / "run.json").read_text()), sets, [])
    assert isinstance(document, dict)
    document["environment"] |= environment
    config = parse_run_config(document, exchanges=exchanges_of(EXAMPLES / name, document["strategy"], catalog))
    assert isinstance(config, RunConfig), config
    return config


def run_example(
    name: str, catalog: Catalog, sets: list[str], *, out: Path | None = None, in_process: bool = False
) -> RunResult:
    """One run of an example over the sample market."""
    return run_backtest(EXAMPLES / name, config_of(name, catalog, sets), catalog, out=out, in_process=in_process)


def figures(result: dict[str, Any]) -> dict[str, Any]:
    """What must not change unnoticed: counts, money, statistics, hash, and the issues that are more than notes."""
    issues = {issue["code"]: issue["count"] for issue in result["issues"] if issue["severity"] != "note"}
    return {name: result[name] for name in FIGURES} | {"issues": issues}
