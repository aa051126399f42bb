"""A finished run as an object: its result, its tables as Polars frames, its bars, its report."""

import html
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.cli.run_folder import find_run_folder, lay_out_run
from periscope.cli.workspace import find_catalog
from periscope.instruments.instrument import Instrument
from periscope.instruments.words import counted
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns
from periscope.report.page import write_report
from periscope.report.run_files import microseconds
from periscope.runs.table_file import TIME
from periscope.runs.verification import Verdict, read_result, verify

_FRAME_HEIGHT = 900


class Run:
    """A run that has ended. Exact columns are Polars Decimals, times are UTC.

    `folder` holds its files, `result` is the document of result.json. Tables that the run did not write are empty.
    A temporary folder `lives_with` the object and goes with it.
    """

    def __init__(self, folder: Path, lives_with: TemporaryDirectory[str] | None = None) -> None:
        self.folder = folder
        self.result: dict[str, Any] = read_result(folder)
        self._lives_with = lives_with

    @property
    def status(self) -> str:
        """How it ended: complete, stopped or error."""
        return str(self.result["status"])

    @property
    def hash(self) -> str:
        """The hash of its events, actions and ledger."""
        return str(self.result["hash"])

    @property
    def statistics(self) -> dict[str, Any]:
        """Every statistic by name; undefined ones are None."""
        return dict(self.result.get("statistics") or {})

    @property
    def issues(self) -> pl.DataFrame:
        """What went wrong or wants to be known: code, message, count, severity."""
        schema = {"severity": pl.String, "code": pl.String, "count": pl.Int64, "message": pl.String}
        rows = [{name: issue.get(name) for name in schema} for issue in self._issues()]
        return pl.DataFrame(rows, schema=schema)

    @cached_property
    def orders(self) -> pl.DataFrame:
        """One row for each order, refused ones included."""
        return self._table("orders")

    @cached_property
    def fills(self) -> pl.DataFrame:
        """One row for each fill, with the rule and the bar that it met."""
        return self._table("fills")

    @cached_property
    def trades(self) -> pl.DataFrame:
        """One row for each lot that was opened and closed, first in first out."""
        return self._table("trades")

    @cached_property
    def equity(self) -> pl.DataFrame:
        """The equity curve: portfolio value and cash at every delivered bar and every fill."""
        return self._table("equity")

    @cached_property
    def ledger(self) -> pl.DataFrame:
        """Every posting of every entry of the books."""
        return self._table("ledger")

    @cached_property
    def logs(self) -> pl.DataFrame:
        """What the strategy printed, line by line, with the simulation time."""
        path = self.folder / "logs.jsonl"
        schema = {"time": pl.String, "stream": pl.String, "line": pl.String}
        if not path.exists() or path.stat().st_size == 0:
            return pl.DataFrame(schema=schema)
        return pl.read_ndjson(path, schema=schema).with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))

    def bars(
        self,
        symbol: str,
        span: str | BarTimeSpan | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pl.DataFrame:
        """Bars of a symbol in the run's window, as the catalog stores them (not adjusted).

        `span` is by default the finest that the run read. Columns: start, end, open, high, low, close (Decimals),
        volume (null where unknown). Raises LookupError where the run read no such series or the catalog lacks it.
        """
        entry = self._read_entry(symbol, None if span is None else BarTimeSpan(str(span).lower()))
        catalog = self._catalog()
        instrument = catalog.instruments.get(symbol, AssetType(entry["asset_type"]))
        if instrument is None:
            raise LookupError(f"the catalog {catalog.files.where} no longer has {symbol}")
        stored = BarTimeSpan(entry["resampled_from"] or entry["span"])
        window = [microseconds(str(self.result[name])) for name in ("start", "end")]
        for place, edge in enumerate((start, end)):
            window[place] = window[place] if edge is None else microseconds(edge.isoformat())
        first, last = window
        if first is None or last is None:
            raise ValueError("start and end need a time zone")
        extended = (self.result["config"]["core"] or {}).get("hours") == "extended"
        pieces = catalog.chunks(instrument, stored, first, last, extended=extended)
        return _frame(pieces, instrument)

    def verify(self, *, strict: bool = False) -> Verdict:
        """Run it again and compare event by event, see docs/verification.md."""
        return verify(self.folder, self._catalog(), strict=strict)

    def report(self, path: Path | str | None = None) -> Path:
        """Write the report as one HTML file, by default into the run's folder; returns its path."""
        target = self.folder / "report.html" if path is None else Path(path)
        return write_report(self.folder, target, catalog_root=self.result.get("catalog"))

    def _catalog(self) -> Catalog:
        """The catalog that was read; of a run that came from elsewhere, the workspace's."""
        return Catalog(find_catalog(self.result.get("catalog")))

    def __repr__(self) -> str:
        figures = ", ".join(f"{name} {self.result.get(name)}" for name in ("bars", "orders", "fills", "final_value"))
        return f"<Run {self.status}: {figures}, {counted(len(self._issues()), 'issue')}>"

    def _repr_html_(self) -> str:
        """The report, inside a frame of its own so that its styles and scripts touch nothing else."""
        page = html.escape(self.report().read_text(encoding="utf-8"), quote=True)
        attributes = f'width="100%" height="{_FRAME_HEIGHT}" style="border:0" sandbox="allow-scripts"'
        return f'<iframe title="Periscope report" {attributes} srcdoc="{page}"></iframe>'

    def _issues(self) -> list[dict[str, Any]]:
        return list(self.result.get("issues") or [])

    def _table(self, name: str) -> pl.DataFrame:
        path = self.folder / f"{name}.parquet"
        return pl.read_parquet(path) if path.exists() else pl.DataFrame()

    def _read_entry(self, symbol: str, span: BarTimeSpan | None) -> dict[str, Any]:
        """What the result says of a series that the run read."""
        read = [entry for entry in self.result.get("data") or [] if "bars" in entry]
        for entry in read:
            if entry["symbol"] == symbol and span in (None, BarTimeSpan(entry["span"])):
                return dict(entry)
        names = ", ".join(sorted({f"{entry['symbol']} {entry['span']}" for entry in read})) or "nothing"
        raise LookupError(f"the run did not read {symbol}{'' if span is None else f' {span}'} bars; it read {names}")


def load_run(run: str | int | Path) -> Run:
    """A finished run: by its folder, by its name among the workspace's runs, or by its number in the store.

    Raises an error in plain words where there is none.
    """
    if not isinstance(run, int):
        return Run(find_run_folder(Path(run)))
    kept = TemporaryDirectory(prefix="periscope-run-")
    lay_out_run(run, Path(kept.name))
    return Run(Path(kept.name), kept)


def _frame(pieces: Iterator[BarColumns], instrument: Instrument) -> pl.DataFrame:
    frames = [pl.DataFrame({name: getattr(piece, name) for name in BarColumns.NAMES}) for piece in pieces if len(piece)]
    whole = pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(BarColumns.NAMES, pl.Int64))
    return whole.select(
        *(pl.col(name).cast(TIME) for name in ("start", "end")),
        *(_exact(pl.col(name), instrument.price_scale).alias(name) for name in BarColumns.PRICES),
        volume=_exact(pl.when(pl.col("volume") != UNKNOWN_VOLUME).then(pl.col("volume")), instrument.volume_scale),
    )


def _exact(column: pl.Expr, digits: int) -> pl.Expr:
    """Scaled integers as exact decimals."""
    return (column.cast(pl.Decimal(38, digits)) / pl.lit(10**digits)).cast(pl.Decimal(38, digits))
