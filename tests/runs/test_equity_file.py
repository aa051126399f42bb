"""The equity curve on disk is exact to the millionth."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from periscope.runs.evidence import EquityFile
from periscope.runs.valuation import Samples


def test_the_file_holds_what_the_samples_hold(tmp_path: Path) -> None:
    file = EquityFile(tmp_path)
    times = np.array([1_000_000, 2_000_000, 3_000_000], dtype=np.int64)
    values = np.array([107_294_600_001, -3, 9_000_000_000_000_000], dtype=np.int64)
    file.add(Samples(times, values, values[::-1].copy(), 0))
    file.finish()
    stored = pl.read_parquet(tmp_path / "equity.parquet")
    expected = [Decimal("107294.600001"), Decimal("-0.000003"), Decimal("9000000000.000000")]
    assert stored["portfolio_value"].to_list() == expected
    assert stored["cash"].to_list() == expected[::-1]
    assert stored["time"].dt.epoch("us").to_list() == [1_000_000, 2_000_000, 3_000_000]
