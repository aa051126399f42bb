"""What the README promises of every run, held to the examples: no look-ahead, and the same hash anywhere."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from periscope.market.catalog import Catalog
from periscope.market.sample import SampleSeries, sample_series, sample_source
from periscope.market.synthetic import selected
from tests.examples.running import EXAMPLES, expectations, run_example

CUTS = {
    "moving_averages": ["2023-10-19T18:00:00", "2023-11-22T15:07:00"],
    "futures_roll": ["2023-03-10T22:00:00", "2023-12-07T22:00:00"],
    "bracket": ["2023-11-06T16:00:00", "2023-11-20T20:59:00"],
    "rebalancer": ["2021-06-21T00:00:00", "2023-06-01T20:00:00"],
}
PLACES = [
    {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "America/New_York", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "4711", "PYTHONUTF8": "1"},
]


@pytest.fixture(scope="module")
def sample() -> list[SampleSeries]:
    return sample_series()


def catalog_until(cut: int, sample: list[SampleSeries], root: Path) -> Catalog:
    """The sample market as it was known at `cut`: without the bars that end after it."""
    catalog = Catalog.create(root)
    catalog.add_instruments(list({item.instrument.key: item.instrument for item in sample}.values()))
    for item in sample:
        bars = selected(item.bars, item.bars.end <= cut)
        if len(bars):
            catalog.write_bars(item.instrument, item.span, bars, source=sample_source(7))
    return catalog


def done_before(folder: Path, moment: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The orders placed and the fills before a moment, without what became of the orders afterwards."""
    placed = ["order_id", "sequence", "symbol", "intent", "order_type", "quantity", "limit_price", "stop_price"]
    orders = pl.read_parquet(folder / "orders.parquet").filter(pl.col("placed_at") < moment)
    fills = pl.read_parquet(folder / "fills.parquet").filter(pl.col("filled_at") < moment)
    return orders.select(*placed, "placed_at").to_dicts(), fills.to_dicts()


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        pytest.param(name, cut, marks=[] if cut is cuts[-1] else [pytest.mark.full])
        for name, cuts in CUTS.items()
        for cut in cuts
    ],
)
def test_cutting_the_data_changes_nothing_before_the_cut(
    name: str, cut: str, market: Catalog, sample: list[SampleSeries], tmp_path: Path
) -> None:
    moment = datetime.fromisoformat(cut).replace(tzinfo=UTC)
    known = catalog_until(int(moment.timestamp()) * 1_000_000, sample, tmp_path / "catalog")
    run_example(name, market, [], out=tmp_path / "all", in_process=True)
    run_example(name, known, [], out=tmp_path / "cut", in_process=True)
    orders, fills = done_before(tmp_path / "cut", moment)
    assert len(fills) > 2
    assert (orders, fills) == done_before(tmp_path / "all", moment)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place["TZ"])
def test_the_hash_is_the_same_anywhere(place: dict[str, str], market: Catalog) -> None:
    command = "import sys; from periscope.cli.main import main; sys.exit(main())"
    words = ["backtest", str(EXAMPLES / "rebalancer"), "--catalog", str(market.root), "--json", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", command, *words], env=os.environ | place, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["hash"] == expectations("rebalancer")[0]["hash"]
