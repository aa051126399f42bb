"""Compiled files of the code that a strategy's process imports: without them every start compiles it anew.

The process itself can write nothing, and an engine that runs from an installation imports only a part of that code, so
what is missing is written here, by the engine's process, before the first start.
"""

import functools
import importlib.util
import py_compile
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_HEADER = struct.Struct("<4sIII")
"""Of a compiled file: the interpreter's mark, how it is checked, the source's time of change in seconds, its size."""


def ensure_compiled(folders: Iterable[Path]) -> None:
    """Compile what is not compiled in some packages' folders, once for each folder and process.

    Asked for by name, as installers do it, so `PYTHONDONTWRITEBYTECODE`, which is about imports, does not stop it. A
    folder that can't be written to stays as it is: the start is slower then, and nothing else.
    """
    for folder in folders:
        _compile_folder(folder)


@functools.cache
def _compile_folder(folder: Path) -> None:
    if sys.pycache_prefix is not None:
        return  # compiled files are wanted elsewhere, where the strategy's process does not look
    for source in folder.rglob("*.py"):
        try:
            target = Path(importlib.util.cache_from_source(source, optimization=""))
            if not _is_current(source, target):
                py_compile.compile(str(source), str(target), doraise=True, optimize=0)
        except (OSError, py_compile.PyCompileError):
            return


def _is_current(source: Path, target: Path) -> bool:
    """Whether the interpreter would take the compiled file for that source."""
    try:
        with target.open("rb") as file:
            head = file.read(_HEADER.size)
    except FileNotFoundError:
        return False
    if len(head) < _HEADER.size:
        return False
    mark, checked, changed, size = _HEADER.unpack(head)
    if mark != importlib.util.MAGIC_NUMBER:
        return False
    found = source.stat()
    by_hash = checked & 1
    return bool(by_hash) or (changed, size) == (int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
