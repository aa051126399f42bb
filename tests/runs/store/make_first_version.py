"""Wrote `first_version/`, a store as the first release that had one leaves it.

It is kept as it is: a later release must open it (row 26 of the promises). Written anew it would prove nothing, so
this script refuses to write over it.
"""

import json
import shutil
import sqlite3
import tempfile
from decimal import Decimal
from pathlib import Path

from periscope.runs.lifecycle import Move
from periscope.runs.publishing import publish
from periscope.runs.store.run_rows import AttemptRows, Ending, StoredFile
from periscope.runs.store.store import DATABASE_FILE, Store, StorePlace

FOLDER = Path(__file__).parent / "first_version"
BUNDLE = Path(__file__).parents[3] / "examples" / "observe_bars"
ISSUE = {"id": "1", "code": "NO_BARS_DELIVERED", "severity": "warning", "message": "ä", "count": 2, "location": None}


def fill(store: Store) -> None:
    """Two versions, and a run in every status."""
    first = publish(store, "observe", BUNDLE).version
    assert first is not None
    config = {"environment": {"start": "2024-01-02"}, "strategy": {"n": 0.1}, "core": {"slippage": {"ticks": 1}}}
    numbers = [store.runs.create(first.id, config).id for _ in range(6)]
    for number in numbers[1:]:
        store.runs.start(number)
    for number, move in zip(numbers[2:], (None, Move.FINISH, Move.STOP, Move.FAIL), strict=True):
        rows = AttemptRows(store.database, number, 0)
        assert rows.begin("boot:1:2:3")
        rows.beat({"fraction": 0.5, "bars": 10})
        if move is None:
            continue
        with store.files.keeping():
            result = store.files.put(json.dumps({"hash": f"{number}"}).encode())
            size = store.files.path(result).stat().st_size
            ending = Ending(
                move,
                "a reason",
                {"hash": f"{number}", "exit_code": 0},
                [StoredFile("result.json", result, size)],
                [ISSUE],
                Decimal("123456789012345678.000000000000000001"),
                Decimal("-0.5"),
            )
            assert rows.end(ending)
    store.runs.ask(numbers[2], "stop")
    store.runs.create(first.id, config, copied_from=numbers[3])


def main() -> None:
    """Write it, once."""
    if FOLDER.exists():
        raise SystemExit(f"{FOLDER} is there, and must stay as it is")
    with tempfile.TemporaryDirectory() as name:
        with Store(StorePlace(Path(name))) as store:
            fill(store)
        with sqlite3.connect(Path(name) / DATABASE_FILE) as connection:
            dump = "\n".join(connection.iterdump())
        shutil.copytree(Path(name) / "files", FOLDER / "files")
    (FOLDER / "files" / ".lock").unlink()
    (FOLDER / "database.sql").write_text(dump + "\n")


if __name__ == "__main__":
    main()
