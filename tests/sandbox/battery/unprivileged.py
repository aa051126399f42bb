"""The battery as a user without rights, where the tests run as root.

The interpreter and the project may lie below a folder that only root enters. So this becomes a process with mounts of
its own, in which that folder shows what is needed and nothing else, then another user, then the interpreter anew.
"""

import ctypes
import json
import os
import subprocess
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from periscope.sandbox.confinement import NoSandboxError, Tier
from tests.sandbox.battery.running import Outcome, Report, run_battery

USER = 65_533
_PROJECT = Path(__file__).parents[3]
_RECURSIVE, _PRIVATE, _BIND = 1 << 14, 1 << 18, 1 << 12
_AS_IS = "as-is"
_libc = ctypes.CDLL(None, use_errno=True)


class UnavailableError(Exception):
    """It cannot be tried here, and why."""


def run_unprivileged(tier: Tier) -> Report:
    """The battery in one tier, from a process of the user without rights. Raises UnavailableError."""
    command = [sys.executable, "-m", __name__, tier]
    environment = {"PATH": os.defpath, "HOME": "/", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    ran = subprocess.run(command, cwd=_PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    told = json.loads(ran.stdout)
    if "unavailable" in told:
        raise UnavailableError(told["unavailable"])
    return Report([Outcome(**outcome) for outcome in told["outcomes"]], told["noticed"], told["fault"])


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = [word.encode() for word in (source, target, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), options.encode()) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def _needed() -> Iterable[Path]:
    """All folders that Python and the project are read from."""
    names = [sys.prefix, sys.base_prefix, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib"))]
    folders = [_PROJECT, Path(sys.executable).parent, *map(Path, names)]
    return dict.fromkeys(found for folder in folders for found in (folder, folder.resolve()))


def _closed(folder: Path) -> Path | None:
    """The outermost folder on the way that others may not enter."""
    ways = [*reversed(folder.parents), folder]
    return next((way for way in ways if not way.stat().st_mode & 0o001), None)


def _open_ways() -> None:
    """In mounts of its own, show what is needed below closed folders."""
    os.unshare(os.CLONE_NEWNS)
    _mount("none", "/", "none", _RECURSIVE | _PRIVATE)
    below = defaultdict(list)
    for folder in _needed():
        closed = _closed(folder)
        if closed is not None:
            below[closed].append((folder, os.open(folder, os.O_PATH | os.O_DIRECTORY)))
    for closed, folders in below.items():
        _mount("none", str(closed), "tmpfs", 0, "mode=755")
        for folder, descriptor in folders:
            folder.mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", str(folder), "none", _BIND)


def _become(tier: str) -> None:
    """Become the user without rights, and start again."""
    try:
        _open_ways()
    except OSError as error:
        raise UnavailableError(f"no mounts of its own: {error}") from None
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    for path in (Path(sys.executable), Path(__file__), Path(sysconfig.get_path("stdlib"), "os.py")):
        if not os.access(path, os.R_OK):
            raise UnavailableError(f"a user without rights cannot read {path}")
    os.chdir(_PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "tests.sandbox.battery.unprivileged", _AS_IS, tier])


def main() -> None:
    """`TIER` becomes another user, `as-is TIER` runs the battery as whoever it is; prints JSON."""
    try:
        if sys.argv[1] != _AS_IS:
            _become(sys.argv[1])
        told = asdict(run_battery(Tier(sys.argv[2])))
    except (UnavailableError, NoSandboxError) as error:
        told = {"unavailable": str(error)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
