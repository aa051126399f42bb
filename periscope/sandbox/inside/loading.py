"""Loading the user's bundle, and telling where in it something went wrong."""

import os
import sys
from collections.abc import Callable
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType, TracebackType
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

    Modules are read from their sources alone. Where `files` is given, a copy of the bundle is read there, and its lines
    still carry the names of the original.
    Random numbers are seeded before the first line of the bundle runs, unless `seed` is None or the bundle has a module
    of that name.
    """
    sys.path_hooks.insert(0, _Sources(folder, files or folder))
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


class _Sources:
    """Finds the bundle's modules by their sources, which lie in `files` and are named as if they lay in `folder`.

    A file that was compiled before could hold anything, and so could a folder of the same name, which would come first:
    what was checked, and what the bundle's version stands for, is the text of the modules.
    """

    def __init__(self, folder: str, files: str) -> None:
        self.folder = folder
        self._files = files

    def __call__(self, path: str) -> FileFinder:
        """Whoever finds modules in a folder, for `sys.path_hooks`."""
        if (path != self._files and not path.startswith(f"{self._files}/")) or not os.path.isdir(path):
            raise ImportError(path)
        return _Finder(path, self._loader)

    def _loader(self, name: str, path: str) -> "_Loader":
        return _Loader(name, path, self.folder + path.removeprefix(self._files))


class _Finder(FileFinder):
    def __init__(self, path: str, loader: Callable[[str, str], "_Loader"]) -> None:
        super().__init__(path, (loader, [".py"]))  # type: ignore[arg-type]  # any function that makes one will do
        self._make_loader = loader

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """A file before a folder of the same name."""
        file = f"{self.path}/{fullname.rpartition('.')[2]}.py"
        if os.path.isfile(file):
            return spec_from_file_location(fullname, file, loader=self._make_loader(fullname, file))
        return super().find_spec(fullname, target)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, original: str) -> None:
        super().__init__(name, path)
        self._original = original

    def get_code(self, fullname: str) -> CodeType:
        """Compiled anew, under the name of the original."""
        return self.source_to_code(self.get_data(self.get_filename(fullname)), self._original)


def unload(folder: os.PathLike[str]) -> None:
    """Forget the bundle's modules, for hosts that live in a process of somebody else's."""
    path = os.fspath(folder)
    if path in sys.path:
        sys.path.remove(path)
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if not isinstance(hook, _Sources) or hook.folder != path]
    sys.path_importer_cache.pop(path, None)
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
