"""`periscope runs start --wait`: looking on until runs have ended."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from periscope.cli.exits import ExitCode
from periscope.cli.interruption import interruptible
from periscope.cli.output import print_json, remark
from periscope.cli.runs_view import print_run

if TYPE_CHECKING:
    from periscope.runs.store.run_rows import Run
    from periscope.runs.store.store import Store
    from periscope.runs.surroundings import Surroundings

_LOOK_SECONDS = 0.25
_SAY_SECONDS = 10.0


def wait_for(store: "Store", surroundings: "Surroundings", numbers: Sequence[int], *, as_json: bool) -> int:
    """Show how far runs are until all have ended; returns the worst of their exit codes. Ctrl-C leaves them running."""
    from periscope.runs.documents import run_document
    from periscope.runs.supervise import ensure_supervisor

    with interruptible("leaving; the runs go on") as wish:
        due = time.monotonic() + _SAY_SECONDS
        while any(run.is_active for run in _look(store, numbers)) and not wish.asked:
            ensure_supervisor(store, surroundings)
            if time.monotonic() >= due:
                due = time.monotonic() + _SAY_SECONDS
                remark(" · ".join(_words(run) for run in _look(store, numbers)))
            time.sleep(_LOOK_SECONDS)
    ended = _look(store, numbers)
    documents = [run_document(store, run) for run in ended]
    if as_json:
        print_json({"runs": documents})
    for document in documents if not as_json else ():
        print_run(document)
    return ExitCode.INTERRUPTED if wish.asked else max((exit_code(run) for run in ended), default=ExitCode.DONE)


def exit_code(run: "Run") -> int:
    """What `backtest` would have ended with."""
    code = (run.summary or {}).get("exit_code")
    if isinstance(code, int):
        return code
    return ExitCode.RUN_ERROR if run.status.value == "error" else ExitCode.DONE


def _look(store: "Store", numbers: Sequence[int]) -> "list[Run]":
    return [store.runs.get(number) for number in numbers]


def _words(run: "Run") -> str:
    fraction = (run.reading or {}).get("fraction")
    return f"run {run.id} {run.status}" + ("" if fraction is None or not run.is_active else f" {fraction:.0%}")
