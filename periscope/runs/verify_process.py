"""The process of one verification: `python -m periscope.runs.verify_process RUN NUMBER LOCK`.

LOCK is the descriptor of the lock that it was started with, and gives back when all is written down.
"""

import fcntl
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from periscope.instruments.times import time_text
from periscope.instruments.words import renamed
from periscope.market.catalog import Catalog
from periscope.market.errors import CatalogError
from periscope.runs.documents import verdict_document
from periscope.runs.each_second import EachSecond
from periscope.runs.kept import laid_out
from periscope.runs.progress import Progress
from periscope.runs.store.clock import now
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.store import Store
from periscope.runs.surroundings import Surroundings, read_surroundings
from periscope.runs.verification import JournalDamagedError, NotARunError, verify
from periscope.runs.verifications import change, verification, verification_folder
from periscope.sandbox.packages import PackageError, resolve

_UNREADABLE = (NotARunError, JournalDamagedError)

log = logging.getLogger(__name__)


class _Teller(EachSecond):
    """Writes down once a second how far it is."""

    def __init__(self, folder: Path, number: int) -> None:
        super().__init__("teller")
        self._folder = folder
        self._number = number
        self._fraction: float | None = None

    def listen(self, progress: Progress) -> bool:
        """Take a reading."""
        self._fraction = round(progress.fraction, 4)
        return True

    def tell(self) -> None:
        """Write it down."""
        try:
            change(self._folder, self._number, {"progress": self._fraction})
        except OSError as error:
            log.warning("progress could not be written down: %s", error)


def run_verification(store: Store, surroundings: Surroundings, number: int, verification_number: int) -> None:
    """Verify a run, and write down what came of it."""
    run = store.runs.get(number)
    begun = verification(store, run, verification_number)
    if begun is None:
        return
    folder = verification_folder(store.place.folder, number)
    with laid_out(store, run) as laid, _Teller(folder, verification_number) as teller:
        places = {str(laid): "the run", str(store.place.folder): "the store", surroundings.catalog: "the catalog"}
        try:
            packages = resolve(surroundings.packages)
            catalog = Catalog(surroundings.catalog)
            verdict = verify(laid, catalog, packages, strict=begun["strict"], progress=teller.listen)
            found = {"status": "done", "progress": 1.0, "verdict": verdict_document(verdict, strict=begun["strict"])}
        except (*_UNREADABLE, CatalogError, PackageError, StoreError) as error:
            log.exception("the verification failed")
            found = _failed("RUN_NOT_READABLE" if isinstance(error, _UNREADABLE) else str(error.code), str(error))
        except Exception:
            log.exception("the verification failed")
            found = _failed("OUR_FAULT", "something went wrong inside Periscope; its own log has the detail")
    change(folder, verification_number, _without(places, found) | {"ended_at": time_text(now())})


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"status": "failed", "problem": {"code": code, "message": message}}


def _without(places: Mapping[str, str], value: Any) -> Any:
    """The same with no folder of this machine in its texts."""
    match value:
        case str():
            return renamed(value, places)
        case dict():
            return {key: _without(places, part) for key, part in value.items()}
        case list():
            return [_without(places, part) for part in value]
    return value


def main(arguments: list[str]) -> int:
    """Verify the run that the arguments name, with the surroundings from standard input."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    number, verification_number, lock = (int(text) for text in arguments)
    surroundings = read_surroundings(sys.stdin.buffer.read())
    with Store(surroundings.store) as store:
        run_verification(store, surroundings, number, verification_number)
        fcntl.flock(lock, fcntl.LOCK_UN)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
