"""Periscope as `periscope backtest` runs it: the strategy in a child process, real Decimals, default settings."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.bars import SYMBOL, Bars
from benchmarks.engines.job import Case, Job, Outcome
from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.runs.backtest import run_backtest
from periscope.runs.config import RunConfig, parse_run_config

BUNDLES = Path(__file__).parent.parent / "bundles"
SHARE = Instrument(
    symbol=SYMBOL, asset_type=AssetType.EQUITY, exchange="XNAS", price_scale=2, source="made up for benchmarks"
)


def prepare(folder: Path) -> None:
    """Writes `folder`/bars.npz into `folder`/catalog. Not part of what is measured."""
    bars = Bars.load(folder / "bars.npz")
    catalog = Catalog.create(folder / "catalog")
    catalog.add_instruments([SHARE])
    columns = BarColumns(bars.start, bars.end, bars.open, bars.high, bars.low, bars.close, bars.volume)
    catalog.write_bars(SHARE, BarTimeSpan.MINUTE, columns, source=SHARE.source)


def run(job: Job, *, trusted: bool = False) -> Outcome:
    """Runs one case. The run's seconds are Periscope's own count, from the first bar to the end."""
    began = perf_counter()
    bars = Bars.load(job.folder / "bars.npz")
    config = _config(job, int(bars.start[0]), int(bars.end[-1]))
    result = run_backtest(BUNDLES / job.case.value, config, Catalog(job.folder / "catalog"), trusted=trusted)
    ended = perf_counter()
    document: Mapping[str, Any] = result.document()
    if document["status"] != "complete":
        raise RuntimeError(f"the run ended as {document['status']}: {document['issues']}")
    run_seconds = document["bars"] / document["bars_per_second"]
    return Outcome(
        engine="Periscope",
        version=version("periscope-trading"),
        bars=document["bars"],
        orders=document["orders"],
        final_value=f"{Decimal(document['final_value']):.2f}",
        load_seconds=ended - began - run_seconds,
        run_seconds=run_seconds,
        notes="strategy in a child process, exact Decimals, reads its bars from Parquet",
    )


def _config(job: Job, start: int, end: int) -> RunConfig:
    parameters: dict[str, Any] = {"symbol": SYMBOL}
    if job.case is Case.CROSS:
        parameters |= {"fast": job.fast, "slow": job.slow, "quantity": job.quantity, "cash": job.cash}
    config = parse_run_config(
        {"environment": {"start": _text(start), "end": _text(end)}, "strategy": parameters, "core": {}}
    )
    if not isinstance(config, RunConfig):
        raise TypeError("; ".join(str(problem) for problem in config))
    return config


def _text(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1_000_000, UTC).isoformat()
