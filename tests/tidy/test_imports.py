"""Who may import whom."""

import sys

import pytest

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
    "report": {"runs"},
    "cli": BELOW_RUNS | {"runs", "report"},
}
"""Besides itself and `libs`, which is open to all."""

OURS = ("libs", "periscope")


def rooms_imported(source: Source) -> list[tuple[str, int]]:
    found = []
    for name, line in source.imports():
        parts = name.split(".")
        if parts[0] == "libs":
            found.append(("libs", line))
        elif parts[0] == "periscope" and len(parts) > 1 and parts[1] != "__version__":
            found.append((parts[1], line))
    return found


@pytest.mark.parametrize("source", sources(*OURS), ids=lambda source: source.path)
def test_each_room_imports_only_what_it_may(source: Source) -> None:
    if source.path == "periscope/__init__.py":
        assert not list(source.imports())
        return
    if allowed("imports", source.path):
        return
    open_to_it = MAY_IMPORT[source.room] | {"libs", source.room}
    wrong = [f"{source.path}:{line} imports {room}" for room, line in rooms_imported(source) if room not in open_to_it]
    assert not wrong, f"{source.room} may import {', '.join(sorted(open_to_it))}: " + "; ".join(wrong)


@pytest.mark.parametrize("source", sources("libs"), ids=lambda source: source.path)
def test_the_sdk_needs_only_the_standard_library(source: Source) -> None:
    foreign = [name for name, _ in source.imports() if name.split(".")[0] not in {*sys.stdlib_module_names, "libs"}]
    assert not foreign or allowed("imports", source.path)


@pytest.mark.parametrize("source", sources("examples", "periscope/cli/templates"), ids=lambda source: source.path)
def test_examples_use_the_sdk_and_the_standard_library_only(source: Source) -> None:
    siblings = {other.path.split("/")[-1].removesuffix(".py") for other in sources(source.path.rpartition("/")[0])}
    known = {*sys.stdlib_module_names, "libs", *siblings}
    foreign = [name for name, _ in source.imports() if name.split(".")[0] not in known]
    if not source.path.split("/")[-1].startswith("test_"):
        assert not foreign


def test_pandas_is_not_used_by_the_platform() -> None:
    users = [source.path for source in sources(*OURS) for name, _ in source.imports() if name.split(".")[0] == "pandas"]
    assert not users, "use NumPy or Polars; pandas belongs to nobody's start-up"
