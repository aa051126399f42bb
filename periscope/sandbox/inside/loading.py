"""Loading the user's bundle, and telling where in it something went wrong."""

import os
import sys
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any

from libs.shared_ipc.src.framework import StrategyBase

from .wire import Place

_ASYNC = 0x80  # inspect.CO_COROUTINE, without importing inspect
HOOKS = ("on_start", "on_bar", "on_quote", "on_timer", "on_expiration", "on_order_update", "on_stop")


class BundleFaultError(Exception):
    """The bundle cannot be run: an issue code, a sentence, and the place in the user's files."""

    def __init__(self, code: str, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place


def load_class(folder: str, seed: int | None, files: str | None = None) -> type[StrategyBase]:
    """Import `strategy.py` of the bundle in `folder` and return its `Strategy` class, its hooks checked.

    Where `files` is given, a copy of the bundle is read there, and its lines still carry the names of the original.
    Random numbers are seeded before the first line of the bundle runs, unless `seed` is None or the bundle has a module
    of that name.
    """
    if files is not None:
        _read_copy(folder, files)
    if seed is not None and not os.path.exists(f"{files or folder}/random.py"):
        import random

        random.seed(seed)
    sys.path.insert(0, files or folder)
    module = __import__("strategy")
    found = getattr(module, "Strategy", None)
    file = f"{folder}/strategy.py"
    if not isinstance(found, type) or not issubclass(found, StrategyBase):
        raise BundleFaultError(
            "BUNDLE_INVALID",
            "strategy.py must define a class named Strategy that extends StrategyBase",
            Place(file, 1, "<module>"),
        )
    for name in HOOKS:
        code = getattr(getattr(found, name), "__code__", None)
        if code is not None and not code.co_flags & _ASYNC:
            raise BundleFaultError(
                "BUNDLE_INVALID",
                f"Strategy.{name} must be written `async def {name}`",
                Place(code.co_filename, code.co_firstlineno, name),
            )
    return found


def _read_copy(folder: str, files: str) -> None:
    """Import what lies in `files` as if it lay in `folder`."""
    from importlib.machinery import FileFinder, SourceFileLoader

    class Loader(SourceFileLoader):
        def source_to_code(  # type: ignore[override]  # it is a method at run time, whatever the stubs say
            self, data: Any, path: Any, *arguments: Any, **named: Any
        ) -> CodeType:
            original = folder + os.fsdecode(path).removeprefix(files)
            return super().source_to_code(data, original, *arguments, **named)

    def find(path: str) -> FileFinder:
        if path != files and not path.startswith(f"{files}/"):
            raise ImportError(path)
        return FileFinder(path, (Loader, [".py"]))

    sys.path_hooks.insert(0, find)


def unload(folder: os.PathLike[str]) -> None:
    """Forget the bundle's modules, for hosts that live in a process of somebody else's."""
    path = os.fspath(folder)
    if path in sys.path:
        sys.path.remove(path)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and _lies_in(path, file):
            del sys.modules[name]


def place_of(folder: str, trace: TracebackType | None) -> Place | None:
    """The innermost line of the user's own files in a traceback."""
    found = None
    while trace is not None:
        code = trace.tb_frame.f_code
        if _lies_in(folder, code.co_filename):
            found = Place(code.co_filename, trace.tb_lineno, code.co_name)
        trace = trace.tb_next
    return found


def place_of_await(folder: str, work: object) -> Place | None:
    """The innermost line of the user's own files at which a coroutine is suspended."""
    found = None
    while work is not None:
        frame = getattr(work, "cr_frame", None) or getattr(work, "gi_frame", None)
        if frame is not None and _lies_in(folder, frame.f_code.co_filename):
            found = Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        work = getattr(work, "cr_await", None) or getattr(work, "gi_yieldfrom", None)
    return found


def place_of_function(function: Callable[..., Any] | None) -> Place | None:
    """Where a handler is written."""
    code = getattr(function, "__code__", None)
    return None if code is None else Place(code.co_filename, code.co_firstlineno, code.co_name)


def place_of_syntax_error(folder: str, error: SyntaxError) -> Place | None:
    """Where a file of the bundle does not parse, None if it is something else that does not."""
    if not isinstance(error.filename, str) or not _lies_in(folder, error.filename):
        return None
    return Place(error.filename, error.lineno or 1, "<module>")


def _lies_in(folder: str, file: str) -> bool:
    """Whether a file is directly in a folder; pathlib would cost each start two milliseconds."""
    return file.rpartition("/")[0] == folder
