"""How fast a large file comes into a catalog, and how much memory that takes.

Run it with `python -m benchmarks.imports`. It makes a file of five million invented bars of a second (about 270 MB of
CSV), imports it in a process of its own, and prints rows a second and the peak of memory. Time is from the start of
that process to its end. Importing it again shows what it costs to find nothing new. The last line is the command
`periscope data import` with a new catalog, which also checks the quality of what it stored.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from benchmarks.bars import SYMBOL, make_bars
from benchmarks.process import run_watched

ROWS = 5_000_000
PRICES = ("open", "high", "low", "close")
IMPORT = f"""
import json, sys
from pathlib import Path
from periscope.market.catalog import Catalog
from periscope.market.importers.formats import import_path
from periscope.market.importers.options import ImportOptions
options = ImportOptions(symbol={SYMBOL!r}, stamp="start")
print(json.dumps(import_path(Path(sys.argv[1]), Catalog.create(Path(sys.argv[2])), options).to_json()))
"""


def make_file(path: Path, rows: int) -> None:
    """Write bars of a second, prices in dollars and cents, as CSV or Parquet by the file's name."""
    bars = make_bars(rows, step_seconds=1)
    frame = pl.DataFrame({name: getattr(bars, name) for name in ("start", *PRICES, "volume")})
    cent = pl.lit("0.01").cast(pl.Decimal(38, 2))
    frame = frame.select(
        pl.from_epoch("start", "us").dt.replace_time_zone("UTC").alias("timestamp"),
        *((pl.col(name).cast(pl.Decimal(38, 0)) * cent).cast(pl.Decimal(18, 2)).alias(name) for name in PRICES),
        "volume",
    )
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(path)


def import_file(path: Path, catalog: Path, *, by_command: bool) -> dict[str, float]:
    """Import the file; what it took."""
    words = ["data", "import", str(path), "--symbol", SYMBOL, "--stamp", "start", "--catalog", str(catalog), "--json"]
    command = ["-m", "periscope.cli.main", *words] if by_command else ["-c", IMPORT, str(path), str(catalog)]
    finished = run_watched([sys.executable, *command], folder=Path.cwd())
    if finished.code != 0:
        raise SystemExit(f"the import ended with {finished.code}: {finished.errors}")
    rows = json.loads(finished.output)["series"][0]["rows"]
    return {"rows": rows, "seconds": finished.seconds, "peak_mb": finished.peak_bytes / 1e6}


def _copied(path: Path) -> float:
    """Seconds to copy the file: what the disk does at best."""
    began = perf_counter()
    np.fromfile(path, dtype=np.uint8).tofile(path.with_suffix(".copy"))
    return perf_counter() - began


def main() -> None:
    """Make the file, import it twice, print the figures."""
    parser = argparse.ArgumentParser(description="Rows a second and memory of an import.")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"bars.{arguments.format}"
        make_file(path, arguments.rows)
        size = path.stat().st_size / 1e6
        print(f"{arguments.rows:,} rows of {arguments.format}, {size:.0f} MB, copied in {_copied(path):.2f} s")
        print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for what, catalog in (("new", "catalog"), ("again", "catalog"), ("command", "other")):
            took = import_file(path, Path(folder) / catalog, by_command=what == "command")
            assert took["rows"] == arguments.rows
            rate = took["rows"] / took["seconds"]
            print(f"{what:<8} {took['seconds']:6.2f} s {rate:12,.0f} rows/s   peak {took['peak_mb']:,.0f} MB")


if __name__ == "__main__":
    main()
