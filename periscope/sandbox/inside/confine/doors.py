"""Ways to folders below one that the process will no longer be allowed to enter once it is somebody else.

Root's own folders are closed to others, and Python is often installed below one. A folder that was opened before the
change can still be reached by its descriptor, under the name that /proc has for it.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder

_FOR_OTHERS = 0o001


def open_doors(folders: Iterable[str]) -> dict[str, str]:
    """Folders that others cannot get to, each with the path that leads there from now on."""
    doors = {}
    for folder in folders:
        if folder not in doors and os.path.isdir(folder) and not _is_open(folder):
            doors[folder] = f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)}"
    return doors


def through(doors: Mapping[str, str], path: str) -> str:
    """The path as it is to be written from now on."""
    for folder, door in doors.items():
        if path == folder or path.startswith(f"{folder}/"):
            return door + path[len(folder) :]
    return path


def redirect_imports(doors: Mapping[str, str]) -> None:
    """Let what is imported from now on be found."""
    sys.path[:] = [through(doors, path) for path in sys.path]
    for module in tuple(sys.modules.values()):
        folders = getattr(module, "__path__", None)
        if isinstance(folders, list):
            folders[:] = [through(doors, folder) for folder in folders]
    sys.path_importer_cache.clear()


def remember_folders() -> None:
    """Have the importer list every folder that it looks into, while it can: it lists one again only when it changes."""
    PathFinder.find_spec("a name that no module has")


def _is_open(folder: str) -> bool:
    """Whether everybody may enter the folder and all above it."""
    while os.stat(folder).st_mode & _FOR_OTHERS:
        above = os.path.dirname(folder)
        if above == folder:
            return True
        folder = above
    return False
