"""Running a finished run again from what it kept, and comparing the two event by event."""

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from periscope.engine.backtest import Tuning
from periscope.market.catalog import Catalog
from periscope.runs.backtest import OnProgress, run_backtest
from periscope.runs.comparison import Difference, at_the_difference, differing_facts, first_difference
from periscope.runs.config import RunConfig, parse_run_config
from periscope.runs.data_difference import data_difference
from periscope.runs.evidence import STRATEGY
from periscope.runs.journal import BARS, JOURNAL, JournalDamagedError, kept_hash
from periscope.runs.recorded import RecordedError, VersionGoneError, as_recorded, read_recorded
from periscope.runs.result_file import RESULT, NotARunError, read_result
from periscope.sandbox.confinement import Package
from periscope.strategies.bundle import bundle_version, read_folder

FIGURES = (
    *("bars", "orders", "fills", "open_orders", "final_value", "cash", "net_trading_cash", "statistics"),
    *("positions", "cash_flows", "settlements", "corporate_actions"),
)
"""What a result says that follows from its events."""
TABLES = ("orders.parquet", "fills.parquet", "trades.parquet", "equity.parquet", "ledger.parquet")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of running a run again.

    `difference` is the first event in which the two differ, `facts` what else does (models, status), one sentence
    each, `tampered` what of the kept evidence does not agree with itself. `data` says what the catalog has otherwise
    today than when the run read it; the run was then repeated over the earlier version, where it is still there.
    `hash` and `hash_again` are the hashes of both runs. `stopped` says that the run had been ended from outside, so
    that only what it did until then was compared.
    """

    hash: str
    hash_again: str
    difference: Difference | None
    facts: tuple[str, ...]
    tampered: tuple[str, ...]
    data: tuple[str, ...]
    stopped: bool

    @property
    def holds(self) -> bool:
        """Whether the run is what it says it is."""
        same = self.stopped or self.hash == self.hash_again
        return same and self.difference is None and not self.tampered and not self.facts


def verify(
    folder: Path,
    catalog: Catalog,
    packages: Sequence[Package] = (),
    *,
    strict: bool = False,
    progress: OnProgress | None = None,
) -> Verdict:
    """Run the run in `folder` again over the data that it read, in a sandbox, and compare.

    `strict` hands the strategy one bar at a time: one that finds bars of the future in its memory, where a normal run
    has the rest of a block, then acts differently. Raises `NotARunError` and `JournalDamagedError`.
    """
    document = read_result(folder)
    for name in (JOURNAL, BARS, STRATEGY):
        if not (folder / name).exists():
            raise NotARunError(f"{folder} has no {name}: only runs that were kept with it can be verified")
    config = parse_run_config(document.get("config"))
    if not isinstance(config, RunConfig):
        raise NotARunError(f"the config in {folder / RESULT} is not valid: {config[0].message}")
    changed, read = _data_then(document, catalog)
    with TemporaryDirectory(prefix="periscope-verify-") as again:
        run_backtest(
            folder / STRATEGY,
            config,
            read,
            out=Path(again),
            progress=progress,
            tuning=Tuning(block_rows=1) if strict else None,
            packages=packages,
        )
        stopped = document.get("status") == "stopped"
        repeated = read_result(Path(again))
        difference = first_difference(folder, Path(again), prefix=stopped)
        same = not stopped and difference is None and document.get("hash") == repeated.get("hash")
        untrue = _untrue(folder, document, Path(again), repeated) if same else []
        facts = [] if stopped else list(differing_facts(document, repeated, without=("data",)))
        return Verdict(
            hash=str(document.get("hash")),
            hash_again=str(repeated.get("hash")),
            difference=difference,
            facts=tuple(facts),
            tampered=(*_tampered(folder, document), *untrue),
            data=changed,
            stopped=stopped,
        )


def _data_then(document: dict[str, Any], catalog: Catalog) -> tuple[tuple[str, ...], Catalog]:
    """What changed in the data since the run read it, and the catalog as it was then, as far as it still has that."""
    try:
        recorded = read_recorded(document)
    except RecordedError as error:
        raise NotARunError(str(error)) from None
    changed = tuple(each.message for each in data_difference(recorded, catalog))
    if not changed:
        return (), catalog
    try:
        return changed, as_recorded(catalog, recorded)
    except VersionGoneError:
        return changed, catalog


def _tampered(folder: Path, document: dict[str, Any]) -> list[str]:
    """Where the kept evidence contradicts itself."""
    found = []
    version = (document.get("strategy") or {}).get("version")
    kept = bundle_version(read_folder(folder / STRATEGY).files)
    if version != kept:
        found.append(f"the kept strategy is version {kept}, the result names {version}")
    if document.get("hash") != (events := kept_hash(folder)):
        found.append(f"the kept {JOURNAL} and {BARS} have the hash {events}, the result names {document.get('hash')}")
    return found


def _untrue(folder: Path, document: dict[str, Any], again: Path, repeated: dict[str, Any]) -> list[str]:
    """What the result or the tables say otherwise than the repetition, though its events are the same."""
    found = [
        f"{name} in the result does not follow from its events: {at_the_difference(document.get(name), repeated[name])}"
        for name in FIGURES
        if name in repeated and document.get(name) != repeated[name]
    ]
    return found + [
        f"{name} is not what the run's events come to" for name in TABLES if not _alike(folder, again, name)
    ]


def _alike(folder: Path, again: Path, name: str) -> bool:
    """Whether a table has the same rows in both folders, however it was packed; a later release may add columns."""
    first, second = folder / name, again / name
    if not second.exists() or not first.exists():
        return first.exists() == second.exists()
    if filecmp.cmp(first, second, shallow=False):
        return True
    try:
        kept = pl.read_parquet(first)
        return kept.equals(pl.read_parquet(second, columns=kept.columns))
    except (OSError, pl.exceptions.PolarsError):
        return False


__all__ = ["JournalDamagedError", "NotARunError", "Verdict", "read_result", "verify"]
