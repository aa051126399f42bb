"""What may be done with runs: create, edit, copy, start, stop, kill, reset, delete.

Each answers with the run as it then is, or says why not; a refusal has changed nothing.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from periscope.runs.lifecycle import IllegalMoveError, Move, Status
from periscope.runs.publishing import version_folder
from periscope.runs.store.refusals import Refused, no_version
from periscope.runs.store.run_rows import Run, RunNotFoundError
from periscope.runs.store.store import Store
from periscope.runs.store.version_rows import Version
from periscope.strategies.parameters import prepare_config
from periscope.strategies.schema_walk import Schema
from periscope.strategies.static_check import check_bundle
from periscope.strategies.versions import parse_reference

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog
    from periscope.runs.config import Problem, RunConfig

_SCHEMAS = 64
"""Of how many versions the parameters are remembered, since a check of all the code takes most of a request."""


def find_version(store: Store, text: str) -> Version | Refused:
    """The version that `NAME@NUMBER` names, or the newest of `NAME`."""
    reference = parse_reference(text)
    strategy, number = (text, None) if reference is None else (reference.strategy, reference.number)
    found = store.versions.get(strategy, number)
    if found is not None:
        return found
    return no_version(text, {version.strategy for version in store.versions.all()})


def read_config(document: Any, bundle: Path, catalog: "Catalog") -> "RunConfig | list[Problem]":
    """A config document as it counts for a bundle and a catalog, or everything that is wrong with its sections."""
    from periscope.runs.config import parse_run_config
    from periscope.runs.exchanges import exchanges_of

    values = document.get("strategy") if isinstance(document, dict) else None
    return parse_run_config(document, exchanges=exchanges_of(bundle, values, catalog))


def config_problems(store: Store, version: Version, document: Any, catalog: "Catalog") -> "list[Problem]":
    """All that is wrong with a config for a version, the strategy's parameters included."""
    from periscope.runs.config import Problem

    folder = version_folder(store, version)
    config = read_config(document, folder, catalog)
    schema = _schema_of(folder)
    if isinstance(config, list):
        problems, values = config, document.get("strategy") or {}
    else:
        problems, values = [], config.strategy
    if schema is not None and isinstance(values, dict):
        found = prepare_config(schema, values, catalog.instruments).problems
        problems += [Problem(each.code, f"strategy.{each.where}", f"{each.rule}. {each.mend}") for each in found]
    return problems


@lru_cache(maxsize=_SCHEMAS)
def _schema_of(folder: Path) -> Schema | None:
    """The parameters of a published version, None of one that is not valid. Its folder is named by what it holds."""
    bundle = check_bundle(folder).bundle
    return None if bundle is None else bundle.schema


def create(store: Store, version: Version, document: Any, catalog: "Catalog") -> "Run | list[Problem]":
    """A new run of a version, or everything that is wrong with its config."""
    problems = config_problems(store, version, document, catalog)
    return problems or store.runs.create(version.id, storable(document))


def edit(store: Store, number: int, document: Any, catalog: "Catalog") -> "Run | Refused | list[Problem]":
    """Give a new run another config."""
    run = find(store, number)
    if isinstance(run, Refused):
        return run
    problems = config_problems(store, store.versions.by_id(run.version_id), document, catalog)
    if problems:
        return problems
    if not store.runs.edit(number, storable(document)):
        fresh = store.runs.get(number)
        what = f"run {number} is {fresh.status}: a config can be edited only while its run is new"
        return Refused("RUN_NOT_NEW", what, f"`periscope runs copy {number}` makes a new run with this config")
    return store.runs.get(number)


def copy(store: Store, number: int) -> Run | Refused:
    """A new run of the same version with the same config."""
    run = find(store, number)
    if isinstance(run, Refused):
        return run
    return store.runs.create(run.version_id, run.config, mode=run.mode, copied_from=run.id)


def start(store: Store, number: int) -> Run | Refused:
    """Queue a new run; a supervisor takes it from there."""
    return _moved(number, lambda: store.runs.start(number))


def stop(store: Store, number: int) -> Run | Refused:
    """Ask an active run to end gracefully: `on_stop` runs, and what there is of results is kept."""
    return _moved(number, lambda: store.runs.ask(number, "stop"))


def kill(store: Store, number: int) -> Run | Refused:
    """Have an active run ended at once; nothing of its results is kept."""
    return _moved(number, lambda: store.runs.ask(number, "kill"))


def reset(store: Store, number: int) -> Run | Refused:
    """Put an ended run back to new and drop its results. A live run can't be reset."""
    run = find(store, number)
    if isinstance(run, Refused):
        return run
    if run.mode == "live":
        return Refused("RUN_IS_LIVE", f"run {number} is a live run, which can't be reset: its orders were real")

    def move() -> Run:
        fresh, content = store.runs.reset(number)
        store.forget(content)
        return fresh

    return _moved(number, move)


def delete(store: Store, number: int) -> Refused | None:
    """Remove a run with its results, unless it is active."""
    try:
        done, content = store.runs.delete(number)
    except RunNotFoundError:
        return _no_run(number)
    if not done:
        what = f"run {number} is active, and only a run that is new or has ended can be deleted"
        return Refused("RUN_ACTIVE", what, f"`periscope runs kill {number}` ends it")
    store.forget(content)
    return None


def storable(document: Any) -> Any:
    """A config document as JSON that keeps every digit: fractions of the strategy's values are numbers, others text."""
    return {name: _plain(section, as_text=name != "strategy") for name, section in document.items()}


def _plain(value: Any, *, as_text: bool) -> Any:
    match value:
        case dict():
            return {name: _plain(part, as_text=as_text) for name, part in value.items()}
        case list():
            return [_plain(part, as_text=as_text) for part in value]
        case Decimal():
            return str(value) if as_text else float(value)
    return value


def find(store: Store, number: int) -> Run | Refused:
    """One run."""
    try:
        return store.runs.get(number)
    except RunNotFoundError:
        return _no_run(number)


def _no_run(number: int) -> Refused:
    return Refused("RUN_NOT_FOUND", f"there is no run {number}", "`periscope runs list` shows what there is")


_HINTS = {
    (Status.COMPLETE, Move.START): "reset it, or copy it into a new run",
    (Status.STOPPED, Move.START): "reset it, or copy it into a new run",
    (Status.ERROR, Move.START): "reset it, or copy it into a new run",
    (Status.STARTING, Move.RESET): "stop or kill it first",
    (Status.RUNNING, Move.RESET): "stop or kill it first",
}


def _moved(number: int, move: Callable[[], Run]) -> Run | Refused:
    try:
        return move()
    except RunNotFoundError:
        return _no_run(number)
    except IllegalMoveError as error:
        hint = _HINTS.get((error.status, error.move), "")
        return Refused("RUN_MOVE", f"run {number} is {error.status}, so it can't be {error.move}", hint)
