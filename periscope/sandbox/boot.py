"""First code of the strategy's process: makes three packages importable, each from its own folder, and goes inside.

It is started with `-s -S -P`, so neither site-packages nor the working folder is on the path: only the standard
library, the SDK (`libs`), the codec (`msgspec`) and the inside of the sandbox can be imported, `periscope` cannot.
"""

import importlib.util
import sys


def mount(name: str, folder: str) -> None:
    """Make the package in `folder` importable as `name`, and nothing beside it."""
    spec = importlib.util.spec_from_file_location(name, f"{folder}/__init__.py", submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    _, libs, codec, inside, channel, counter, stacks = sys.argv
    mount("libs", libs)
    mount("msgspec", codec)
    mount("periscope_inside", inside)
    sys.argv = ["strategy"]
    from periscope_inside.main import main  # type: ignore[import-not-found]

    main(int(channel), int(counter), int(stacks))
