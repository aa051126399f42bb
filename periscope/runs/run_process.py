"""The process that runs one attempt of a run: `python -m periscope.runs.run_process RUN ATTEMPT`.

It says once a second in the database that it lives and how far it is, hears there what the operator wants, and at the
end keeps its results and the run's end in one step. It stops at once when another attempt has taken its place.
"""

import errno
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from periscope.market.catalog import Catalog
from periscope.runs.backtest import STRATEGY_INVALID, run_backtest
from periscope.runs.config import RunConfig
from periscope.runs.each_second import EachSecond
from periscope.runs.issues import IssueLog
from periscope.runs.launching import work_folder
from periscope.runs.lifecycle import Move
from periscope.runs.managing import read_config
from periscope.runs.processes import own_process
from periscope.runs.progress import Progress
from periscope.runs.publishing import version_folder
from periscope.runs.reading import reading
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import AttemptRows, Ending, Run, StoredFile
from periscope.runs.store.store import Store
from periscope.runs.surroundings import Surroundings, read_surroundings
from periscope.sandbox.packages import resolve

_PAUSE_SECONDS = 1.0
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
"""What a disk says that may be in order again later."""
_GONE = 75
"""The exit status of a process whose run goes on without it."""
_MOVES = {"complete": Move.FINISH, "stopped": Move.STOP, "error": Move.FAIL}

log = logging.getLogger(__name__)

type Outcome = dict[str, Any] | str
"""The document of a result, or a sentence about why there is none."""


class Pulse(EachSecond):
    """Tells the database once a second how far the run is, and hears what is wanted."""

    def __init__(self, store: Store, rows: AttemptRows) -> None:
        super().__init__("pulse")
        self._store = store
        self._rows = rows
        self._latest: dict[str, Any] | None = None
        self._told = threading.Event()
        self.stop_asked = False

    def listen(self, progress: Progress) -> bool:
        """Take a reading of the run, if it is time for one; returns whether it is to go on."""
        if not self._told.is_set():
            self._latest = reading(progress)
            self._told.set()
        return not self.stop_asked

    def tell(self) -> None:
        """Give a sign of life."""
        try:
            asked = self._rows.beat(self._latest)
            self._told.clear()
        except StoreError as error:
            log.warning("no sign of life could be given: %s", error)
            asked = "gone" if self._store.is_gone else None
        if asked == "gone" and not self.is_over:
            log.warning("another attempt has taken over")
            os._exit(_GONE)
        self.stop_asked = self.stop_asked or asked == "stop"


def run_attempt(store: Store, number: int, attempt: int, surroundings: Surroundings) -> bool:
    """Run one attempt from beginning to end; returns whether it was this attempt that ended the run."""
    rows = AttemptRows(store.database, number, attempt)
    if not rows.begin(own_process()):
        return False
    run = store.runs.get(number)
    folder = work_folder(store.place.folder, number, attempt)
    with Pulse(store, rows) as pulse:
        try:
            document = _run_again(store, run, folder, surroundings, pulse)
            problem = None
        except (StoreError, OSError) as error:
            log.exception("the run failed")
            problem = f"the run failed: {error}"
        except Exception:
            log.exception("the run failed")
            problem = "something went wrong inside Periscope; its own log has the detail"
        return _end(store, rows, folder, document if problem is None else problem)


def _end(store: Store, rows: AttemptRows, folder: Path, outcome: Outcome) -> bool:
    """Keep the results and end the run."""
    return keep_trying(lambda found: _end_now(store, rows, folder, found), outcome, pause=_pause)


def keep_trying(end: Callable[[Outcome], bool], outcome: Outcome, *, pause: Callable[[], None]) -> bool:
    """End a run with its outcome; as long as the disk or the database refuses for a reason that may pass, again."""
    while True:
        try:
            return end(outcome)
        except StoreError as error:
            if error.code != "STORE_UNAVAILABLE":
                raise
            log.warning("the run's end can't be kept yet: %s", error)
        except OSError as error:
            if error.errno not in _PASSING:
                log.exception("the results can't be kept")
                outcome = f"the results could not be kept: {error}"
            log.warning("the results can't be kept yet: %s", error)
        pause()


def _pause() -> None:
    time.sleep(_PAUSE_SECONDS)


def _run_again(store: Store, run: Run, folder: Path, surroundings: Surroundings, pulse: Pulse) -> dict[str, Any]:
    """Run it, from the beginning each time that the disk refuses something for a reason that may pass."""
    while True:
        try:
            return _run(store, run, folder, surroundings, pulse)
        except OSError as error:
            if error.errno not in _PASSING:
                raise
            log.warning("the disk refuses what the run writes, so it will begin again: %s", error)
        shutil.rmtree(folder / "out", ignore_errors=True)
        _pause()


def _run(store: Store, run: Run, folder: Path, surroundings: Surroundings, pulse: Pulse) -> dict[str, Any]:
    version = store.versions.by_id(run.version_id)
    bundle = version_folder(store, version)
    catalog = Catalog(surroundings.catalog)
    config = read_config(run.config, bundle, catalog)
    if not isinstance(config, RunConfig):
        return _invalid([str(problem) for problem in config])
    out = folder / "out"
    packages = resolve(surroundings.packages)
    result = run_backtest(
        bundle, config, catalog, out=out, progress=pulse.listen, packages=packages, called=run.version
    )
    return result.document() | {"exit_code": result.exit_code}


def _invalid(sentences: list[str]) -> dict[str, Any]:
    issues = IssueLog()
    for sentence in sentences:
        issues.add("CONFIG_INVALID", None, sentence, subject=sentence)
    return {"status": "error", "issues": issues.to_json(), "exit_code": STRATEGY_INVALID}


def _end_now(store: Store, rows: AttemptRows, folder: Path, outcome: Outcome) -> bool:
    """Keep the results and end the run, once."""
    if isinstance(outcome, str):
        issues = IssueLog()
        issues.add("RUN_FAILED", None, outcome)
        return rows.end(Ending(Move.FAIL, outcome, None, issues=issues.to_json()))
    out = folder / "out"
    with store.files.keeping():
        files = [
            StoredFile(file.relative_to(out).as_posix(), *store.files.take(file))
            for file in sorted(out.rglob("*"))
            if file.is_file() and not file.name.startswith(".")
        ]
        summary = {name: value for name, value in outcome.items() if name not in _LISTS}
        ending = Ending(
            _MOVES[outcome["status"]],
            "stopped by operator" if outcome["status"] == "stopped" else None,
            summary,
            files,
            outcome["issues"],
            _money(outcome.get("final_value")),
            _money(outcome.get("net_trading_cash")),
        )
        return rows.end(ending)


_LISTS = frozenset({"issues", "cash_flows", "settlements", "data", "also_read", "positions"})
"""What of a result is only in its file: it may be long."""


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def main(arguments: list[str]) -> int:
    """Run the attempt that the arguments name, with the surroundings from standard input."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    number, attempt = (int(text) for text in arguments)
    surroundings = read_surroundings(sys.stdin.buffer.read())
    with Store(surroundings.store) as store:
        return 0 if run_attempt(store, number, attempt, surroundings) else _GONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
