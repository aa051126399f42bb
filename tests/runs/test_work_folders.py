"""What a killed process has left in a store is cleared; what is in use, here or elsewhere, stays."""

import signal
import subprocess
import sys
from pathlib import Path

from periscope.runs.work_folders import clear_left, working_folder

DIES = """
import os, sys
from pathlib import Path
from periscope.runs.work_folders import working_folder
with working_folder(Path(sys.argv[1]), "upload") as folder:
    (folder / "body").write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""


def test_only_what_the_dead_have_left_is_cleared(tmp_path: Path) -> None:
    assert clear_left(tmp_path) == 0, "there need be no such folder"
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = (tmp_path / "work").iterdir()
    others = [tmp_path / "work" / name for name in ("7.1", "upload-of-a-user", "look-boot-of-another:1:2:3-abc")]
    for other in others:
        other.mkdir()
    with working_folder(tmp_path, "look") as mine:
        assert clear_left(tmp_path) == 1
        assert mine.is_dir()
    assert sorted((tmp_path / "work").iterdir()) == sorted(others)
    assert left not in others
