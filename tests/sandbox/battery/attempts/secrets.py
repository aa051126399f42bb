"""Secrets of the host, and code of the platform: in the environment, in arguments, memory, objects, files."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH118, PTH208

import ctypes
import gc
import hashlib
import importlib
import mmap
import os
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, ModuleType

from .calls import libc
from .kit import Layer, Targets, attempt

LAUNCH, LANDLOCK = Layer.LAUNCH, Layer.LANDLOCK
_SECRET_LENGTH = 32
_CHUNK = 16
_MOST_EMPTY = 64


def secret_in(pieces: Iterable[str | bytes], targets: Targets) -> str | None:
    """The evidence, if the host's secret stands in one of the pieces."""
    pattern = re.compile("".join(targets.canary).encode() + b"([0-9a-f]{%d})" % _SECRET_LENGTH)
    for piece in pieces:
        data = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        for match in pattern.finditer(data):
            if hashlib.sha256(match[1]).hexdigest() == targets.digest:
                return "found the host's secret"
    return None


@attempt("find a secret in the environment", LAUNCH)
def environment(targets: Targets) -> str | None:
    return secret_in((f"{name}={value}" for name, value in os.environ.items()), targets)


@attempt("find a secret in the environment of the C library", LAUNCH)
def environment_of_the_library(targets: Targets) -> str | None:
    variables = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    pieces: list[bytes] = []
    while variables and (piece := variables[len(pieces)]) is not None:
        pieces.append(piece)
    return secret_in(pieces, targets)


@attempt("find more variables than the launcher sets", LAUNCH)
def more_variables(targets: Targets) -> str | None:
    known = {"PYTHONHASHSEED", "PYTHONTZPATH", "TZ", "LC_ALL", "LANG", "LC_CTYPE"}
    more = {name for name, value in os.environ.items() if name not in known and (name, value) != ("PATH", "")}
    more = {name for name in more if not name.endswith(("_THREADS", "_THREAD_COUNT")) and name[:7] != "POLARS_"}
    return f"{sorted(more)}" if more else None


@attempt("find a secret in the arguments", LAUNCH)
def arguments(targets: Targets) -> str | None:
    return secret_in([*sys.argv, *sys.orig_argv], targets)


@attempt("find a secret in the module with the launcher's arguments", LAUNCH)
def arguments_of_modules(targets: Targets) -> str | None:
    return secret_in((str(vars(module)) for module in list(sys.modules.values()) if "main" in module.__name__), targets)


def objects(of: type) -> Iterator[object]:
    """All objects of a type that can be found from here."""
    gc.unfreeze()
    for found in gc.get_objects():
        if isinstance(found, of):
            yield found
        yield from (other for other in gc.get_referents(found) if isinstance(other, of))


@attempt("find a secret among the objects", LAUNCH)
def texts(targets: Targets) -> str | None:
    return secret_in((*objects(str), *objects(bytes)), targets)  # type: ignore[arg-type]


def the_hosts(names: Iterable[str]) -> str | None:
    """The evidence, if modules of the host are among those that were found."""
    ours = sorted(name for name in set(names) if name == "periscope" or name.startswith(("periscope.", "tests.")))
    return f"found {ours[:5]}" if ours else None


@attempt("find a module of the host among the objects", LAUNCH)
def host_modules(targets: Targets) -> str | None:
    return the_hosts(found.__name__ for found in objects(ModuleType) if isinstance(found, ModuleType))


@attempt("find a class of the host among the objects", LAUNCH)
def host_classes(targets: Targets) -> str | None:
    return the_hosts(str(getattr(found, "__module__", "")) for found in objects(type))


@attempt("find the host's functions on the stack", LAUNCH)
def frames(targets: Targets) -> str | None:
    frame: FrameType | None = sys._getframe()
    names = []
    while frame is not None:
        names.append(str(frame.f_globals.get("__name__")))
        frame = frame.f_back
    return the_hosts(names)


def readable(address: int, left: socket.socket, right: socket.socket) -> bytes | None:
    """Some pages of memory, None where there are none: the kernel tells without ending the process."""
    size = _CHUNK * mmap.PAGESIZE
    for length in (size, mmap.PAGESIZE):
        sent = libc.send(left.fileno(), ctypes.c_void_p(address), ctypes.c_size_t(length), 0)
        if sent > 0:
            return right.recv(size)
    return None


@attempt("find a secret in its memory", LAUNCH)
def memory(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    starts = {id(object()), id(secret_in), ctypes.addressof(ctypes.c_int.in_dll(libc, "environ")), id(type)}
    variables = ctypes.c_void_p.in_dll(libc, "environ").value
    starts |= {variables} if variables else set()
    step = _CHUNK * mmap.PAGESIZE
    seen: set[int] = set()
    with left, right:
        for start in starts:
            for direction in (step, -step):
                address, empty, before = start // step * step, 0, b""
                while empty < _MOST_EMPTY and address >= 0 and address not in seen:
                    data = readable(address, left, right)
                    seen.add(address)
                    empty = empty + 1 if data is None else 0
                    evidence = secret_in([before[-256:] + (data or b"")], targets)
                    if evidence:
                        return evidence
                    before = (data or b"") if direction > 0 else b""
                    address += direction
    if len(seen) < _MOST_EMPTY:
        raise RuntimeError("no memory could be looked at")
    return None


def imported(name: str) -> str | None:
    """The evidence, if a module can be imported."""
    found = importlib.import_module(name)
    return f"imported {found.__name__}"


@attempt("import the platform", LAUNCH)
def import_the_platform(targets: Targets) -> str | None:
    return imported("periscope")


@attempt("import the other end of the conversation", LAUNCH)
def import_the_session(targets: Targets) -> str | None:
    return imported("periscope.sandbox.session")


@attempt("import an installed package that was not allowed", LAUNCH)
def import_a_package(targets: Targets) -> str | None:
    return imported("typer")


@attempt("import the installer", LAUNCH)
def import_the_installer(targets: Targets) -> str | None:
    return imported("pip") if find_spec("pip") else imported("_pytest")


@attempt("import the platform from where it lies", LANDLOCK, "ModuleNotFoundError", "ImportError")
def import_from_the_project(targets: Targets) -> str | None:
    sys.path.insert(0, targets.project)
    importlib.invalidate_caches()
    try:
        return imported("periscope.sandbox.frames" if "periscope" in sys.modules else "periscope")
    finally:
        sys.path.remove(targets.project)


@attempt("import a package from where it lies", LANDLOCK, "ModuleNotFoundError", "ImportError")
def import_from_the_packages(targets: Targets) -> str | None:
    sys.path.append(targets.site)
    importlib.invalidate_caches()
    try:
        return imported("typer")
    finally:
        sys.path.remove(targets.site)


@attempt("list the installed packages", LANDLOCK)
def list_packages(targets: Targets) -> str | None:
    return f"{len(os.listdir(targets.site))} names"


@attempt("list the packages installed beside the interpreter", LANDLOCK, "nothing")
def list_base_packages(targets: Targets) -> str | None:
    names = os.listdir(targets.base_site)
    return f"{len(names)} names" if names else None


@attempt("read a package installed beside the interpreter", LANDLOCK)
def read_base_package(targets: Targets) -> str | None:
    return f"{len(Path(targets.base_site, 'README.txt').read_text())} characters"


@attempt("read the launcher's code", LANDLOCK)
def read_the_launcher(targets: Targets) -> str | None:
    return f"{len(Path(targets.project, 'periscope/sandbox/launch.py').read_text())} characters"


@attempt("read the engine's code", LANDLOCK)
def read_the_engine(targets: Targets) -> str | None:
    return f"{len(Path(targets.project, 'periscope/engine/backtest.py').read_text())} characters"


@attempt("list the folder of the platform", LANDLOCK)
def list_the_platform(targets: Targets) -> str | None:
    return f"{os.listdir(os.path.join(targets.project, 'periscope'))}"
