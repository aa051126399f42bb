"""Locks and syncs where the system has neither fcntl nor what else Unix brings: the ways of Windows, with its calls."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OTHER_SYSTEM = """
import errno, mmap, os, sys, tempfile, types
import numpy as np
from pathlib import Path

calls, refusals = [], [errno.EDEADLK]
def locking(descriptor, mode, size):
    calls.append((mode, size, os.lseek(descriptor, 0, os.SEEK_CUR)))
    if mode == 1 and refusals:
        raise OSError(refusals.pop(), "waited for ten seconds")
sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_LOCK=1, LK_UNLCK=0)
sys.modules["fcntl"] = None
sys.platform = "win32"
del os.O_DIRECTORY, os.posix_fallocate, mmap.MADV_DONTNEED

from periscope.market.durable import exclusive, replace_file
folder = Path(sys.argv[1])
with exclusive(folder / ".lock"):
    replace_file(folder / "table", lambda temporary: temporary.write_bytes(b"content"))
assert (folder / "table").read_bytes() == b"content"
assert [mode for mode, _, _ in calls] == [1, 1, 0], calls
assert all(size == 1 and place == 0 for _, size, place in calls), calls
with open(folder / ".lock", "ab") as lock:
    lock.write(b"something")
refusals.append(errno.EBADF)
try:
    with exclusive(folder / ".lock"):
        raise AssertionError("it was not locked")
except OSError as error:
    assert error.errno == errno.EBADF

from periscope.market.columns import BarColumns
from periscope.market.mapped_bars import MappedBars, let_go
column = np.arange(5)
mapped = MappedBars(BarColumns, 200_000, folder)
mapped.append(BarColumns(*[column] * 7))
let_go(mapped.rows())
assert mapped.rows().volume.tolist() == [0, 1, 2, 3, 4]
"""


def test_without_the_calls_of_unix(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_SYSTEM, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
