"""`periscope runs start --wait`: looking on until runs have ended."""

import time
from collections.abc import Sequence

from periscope.cli.exits import ExitCode
from periscope.cli.interruption import interruptible
from periscope.cli.keeper import Document, Keeper
from periscope.cli.output import print_json, remark
from periscope.cli.runs_view import print_run

_SAY_SECONDS = 10.0
_ACTIVE = ("starting", "running")


def wait_for(keeper: Keeper, numbers: Sequence[int], *, as_json: bool) -> int:
    """Show how far runs are until all have ended; returns the worst of their exit codes. Ctrl-C leaves them running."""
    with interruptible("leaving; the runs go on") as wish:
        due = time.monotonic() + _SAY_SECONDS
        while True:
            runs = [keeper.run(number) for number in numbers]
            if wish.asked or not any(run["status"] in _ACTIVE for run in runs):
                break
            if time.monotonic() >= due:
                due = time.monotonic() + _SAY_SECONDS
                remark(" · ".join(_words(run) for run in runs))
            time.sleep(keeper.look_seconds)
    if as_json:
        print_json({"runs": runs})
    for run in runs if not as_json else ():
        print_run(run)
    return ExitCode.INTERRUPTED if wish.asked else max((exit_code(run) for run in runs), default=ExitCode.DONE)


def exit_code(run: Document) -> int:
    """What `backtest` would have ended with."""
    code = (run["result"] or {}).get("exit_code")
    if isinstance(code, int):
        return code
    return ExitCode.RUN_ERROR if run["status"] == "error" else ExitCode.DONE


def _words(run: Document) -> str:
    fraction = (run["progress"] or {}).get("fraction")
    return f"run {run['run']} {run['status']}" + ("" if fraction is None else f" {fraction:.0%}")
