"""First code of the strategy's process: makes three packages importable, each from its own folder, and goes inside.

It is started with `-s -S -P`, so neither site-packages nor the working folder is on the path: only the standard
library, the SDK (`libs`), the codec (`msgspec`) and the inside of the sandbox can be imported, `periscope` cannot.
Where they are is read from the channel, like everything else that the process is told.
"""

import gc
import importlib.util
import os
import sys
from types import ModuleType


class Later(ModuleType):
    """Stands for `inspect` while the trusted modules are imported, and for nobody else afterwards.

    `dataclasses` imports it, and ten modules with it, for two functions, of which the trusted modules need but the one
    that is here: a tenth of what a start takes. Whoever asks for anything else, or later, gets what the real one has.
    """

    def __getattr__(self, name: str) -> object:
        """What the real module has, which is imported for it."""
        self.stand_back()
        return getattr(importlib.import_module(self.__name__), name)

    def stand_in(self) -> None:
        """Be found in place of the real module."""
        sys.modules[self.__name__] = self
        self.get_annotations = lambda made: dict(vars(made).get("__annotations__", ()))

    def stand_back(self) -> None:
        """Leave everything to the real module."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        self.__dict__.pop("get_annotations", None)


def mount(name: str, folder: str) -> None:
    """Make the package in `folder` importable as `name`, and nothing beside it."""
    spec = importlib.util.spec_from_file_location(name, f"{folder}/__init__.py", submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def read_folders(descriptor: int) -> list[str]:
    """The folders' names from the channel, each ended by a zero, all by another; and not a byte more."""
    names = b""
    while not names.endswith(b"\0\0"):
        byte = os.read(descriptor, 1)
        if not byte:
            os._exit(1)
        names += byte
    return os.fsdecode(names[:-2]).split("\0")


if __name__ == "__main__":
    gc.disable()  # What is made until the strategy comes is kept; looking it through costs milliseconds.
    channel = int(sys.argv[1])
    sys.argv[:] = sys.orig_argv[:] = ["strategy"]
    for name, folder in zip(("libs", "msgspec", "periscope_inside"), read_folders(channel), strict=True):
        mount(name, folder)
    inspect = Later("inspect")
    inspect.stand_in()
    from periscope_inside.main import main  # type: ignore[import-not-found]

    inspect.stand_back()
    main(channel)
