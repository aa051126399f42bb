"""A backtest from a cell or a script."""

import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from periscope.cli.live import watched
from periscope.cli.run_document import find_bundle, read_run_file, run_config
from periscope.cli.workspace import allowed_packages, find_catalog
from periscope.market.catalog import Catalog
from periscope.notebook.run import Run
from periscope.runs.backtest import run_backtest


def backtest(
    strategy: str | os.PathLike[str],
    *,
    start: str | date | datetime | None = None,
    end: str | date | datetime | None = None,
    parameters: Mapping[str, Any] | None = None,
    core: Mapping[str, Any] | None = None,
    catalog: str | Path | None = None,
    out: str | Path | None = None,
    quiet: bool = False,
) -> Run:
    """Run a strategy over past data, in the sandbox, and return the run.

    `strategy` is its folder or its name in the workspace; `start` and `end` are dates (whole trading days) or times
    with an offset; `parameters` are the strategy's own values and `core` the platform's settings, laid over the
    strategy's run.json. The run is kept in `out`, or in a temporary folder that lives as long as the object. A progress
    bar shows how far it is unless `quiet`. What is wrong with the strategy is in the run's `issues`; a config that is
    not valid raises an error that names every problem.
    """
    bundle = find_bundle(Path(strategy))
    stored = Catalog(find_catalog(catalog, must_exist=True))
    document = _merged(read_run_file(None, bundle), parameters or {}, core or {})
    config = run_config(document, start=_text(start), end=_text(end), sets=(), cores=(), bundle=bundle, catalog=stored)
    lives_with = None if out is not None else TemporaryDirectory(prefix="periscope-run-")
    folder = Path(out) if out is not None else Path(lives_with.name if lives_with is not None else "")
    with watched(quiet=quiet) as watch:
        run_backtest(bundle, config, stored, out=folder, progress=watch, packages=allowed_packages(bundle))
    return Run(folder, lives_with)


def _text(moment: str | date | datetime | None) -> str | None:
    return moment if moment is None or isinstance(moment, str) else moment.isoformat()


def _merged(document: Any, parameters: Mapping[str, Any], core: Mapping[str, Any]) -> Any:
    """The document with the values of two of its sections laid over; what is no document is left to be refused."""
    if not isinstance(document, dict):
        return document
    merged = dict(document)
    for section, values in (("strategy", parameters), ("core", core)):
        before = merged.get(section)
        merged[section] = {**before, **values} if isinstance(before, dict) else dict(values)
    return merged
