"""Importing the packages that the operator allows, and nothing beside them."""

import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, all_suffixes
from importlib.util import spec_from_file_location
from types import ModuleType


class AllowedFinder:
    """Finds top-level modules in their own folders or files. What is in them is found by way of their `__path__`."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = dict(modules)

    def find_spec(self, name: str, *_: Sequence[str] | ModuleType | None) -> ModuleSpec | None:
        """Where an allowed module is, None for any other."""
        place = self._modules.get(name)
        if place is None:
            return None
        if place.endswith(tuple(all_suffixes())):
            return spec_from_file_location(name, place)
        return spec_from_file_location(name, f"{place}/__init__.py", submodule_search_locations=[place])


def allow(modules: Mapping[str, str]) -> None:
    """Make modules importable, each from its folder or file. None is imported before somebody asks for it.

    They come last, so that a bundle's own file of the same name is found whether or not the operator allows another.
    """
    if modules:
        sys.meta_path.append(AllowedFinder(modules))


def hint_for(error: BaseException) -> str:
    """What to add to the words of a failed import of something that may be a package, else nothing."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    top = error.name.partition(".")[0]
    if top in sys.modules or top in sys.stdlib_module_names:
        return ""
    return "; if it is an installed package, the operator can allow it: sandbox.packages in periscope.toml"
