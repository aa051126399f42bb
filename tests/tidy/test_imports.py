"""Who may import whom."""

import sys

from tests.tidy.source import Source, allowed, sources

BELOW_RUNS = {"instruments", "market", "portfolio", "strategies", "sandbox", "execution", "engine"}
MAY_IMPORT: dict[str, set[str]] = {
    "libs": set(),
    "instruments": set(),
    "market": {"instruments"},
    "portfolio": {"instruments"},
    "strategies": {"instruments"},
    "sandbox": set(),
    "execution": {"instruments", "portfolio"},
    "engine": {"instruments", "market", "portfolio", "execution"},
    "runs": BELOW_RUNS,
    # A report reads a run's files, the catalog's bars, and the definitions of the statistics.
    "report": {"runs", "market", "instruments", "portfolio"},
    "server": {"runs", "strategies", "market", "instruments", "portfolio", "report"},
    # Whoever talks to a server needs nothing but its address.
    "client": set(),
    "cli": BELOW_RUNS | {"runs", "report", "server", "client"},
    # A cell does what a command does, and finds workspace, data and runs as commands do.
    "notebook": {"cli", "runs", "report", "market", "instruments"},
    "__init__": {"notebook"},
    "__main__": {"cli"},
}
"""Besides itself and `libs`, which is open to all."""

OURS = ("libs", "periscope")


def rooms_imported(source: Source) -> list[tuple[str, int]]:
    """The rooms that a file imports from, each with the line."""
    found = []
    for name, line in source.imports:
        parts = name.split(".")
        if parts[0] == "libs":
            found.append(("libs", line))
        elif parts[0] == "periscope" and len(parts) > 1:
            found.append((parts[1], line))
    return found


def test_each_room_imports_only_what_it_may() -> None:
    wrong = []
    for source in sources(*OURS):
        open_to_it = MAY_IMPORT.get(source.room, set()) | {"libs", source.room}
        for room, line in rooms_imported(source):
            if room not in open_to_it and not allowed("imports", source.path):
                wrong.append(f"{source.path}:{line} imports {room}; {source.room} may import {sorted(open_to_it)}")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_in_the_table() -> None:
    rooms = {source.room for source in sources(*OURS)}
    assert rooms == set(MAY_IMPORT)


def test_the_sdk_needs_only_the_standard_library() -> None:
    known = {*sys.stdlib_module_names, "libs"}
    foreign = [
        f"{source.path}:{line} {name}"
        for source in sources("libs")
        for name, line in source.imports
        if name.split(".")[0] not in known and not allowed("imports", source.path)
    ]
    assert not foreign, "\n".join(foreign)


def test_examples_use_the_sdk_and_the_standard_library_only() -> None:
    foreign = []
    for source in sources("examples", "periscope/strategies/templates"):
        folder = source.path.rpartition("/")[0]
        siblings = {other.path.split("/")[-1].removesuffix(".py") for other in sources(folder)}
        known = {*sys.stdlib_module_names, "libs", *siblings}
        foreign += [f"{source.path}:{line} {name}" for name, line in source.imports if name.split(".")[0] not in known]
    assert not foreign, "\n".join(foreign)


def test_pandas_is_not_used_by_the_platform() -> None:
    users = [source.path for source in sources(*OURS) for name, _ in source.imports if name.split(".")[0] == "pandas"]
    assert not users, f"use NumPy or Polars; pandas takes long to import: {users}"
