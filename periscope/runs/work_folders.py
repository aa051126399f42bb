"""Folders of a store that last as long as somebody works in them: an upload, a run laid out to be looked at.

Each bears the name of its process, so that what a killed one has left is told from what is in use.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from periscope.runs.processes import is_alive, own_process

_OWNED = re.compile(r"(?:upload|look)-(.+:\d+:\d+)-\w+", re.ASCII)


@contextmanager
def working_folder(store: Path, kind: str) -> Iterator[Path]:
    """A new folder on the disk of the store for as long as this lasts; `kind` is `upload` or `look`."""
    above = store / "work"
    above.mkdir(exist_ok=True)
    owner = f"{own_process()}-" if sys.platform == "linux" else ""
    with tempfile.TemporaryDirectory(prefix=f"{kind}-{owner}", dir=above) as folder:
        yield Path(folder)


def clear_left(store: Path) -> int:
    """Remove the folders whose processes have ended; returns how many. What may be in use elsewhere stays."""
    named = ((folder, _OWNED.fullmatch(folder.name)) for folder in (store / "work").glob("*-*"))
    left = [folder for folder, name in named if name is not None and is_alive(name[1]) is False]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)
