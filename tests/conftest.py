"""Options of the whole suite: how many cases the random batteries run."""

import fcntl
import gc
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from periscope.market.catalog import Catalog
from periscope.market.importers.lean import import_lean
from periscope.market.importers.storing import ImportSummary
from periscope.market.sample import make_sample
from tests import sizes

# Hundreds of processes follow. Where nothing is to be written down that was compiled, each compiles all of us anew,
# which costs more than most of what they are started for.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

hypothesis.settings.register_profile(
    "periscope",
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("periscope")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full` runs the batteries at their stated counts, `--long` at the counts in brackets."""
    parser.addoption("--full", action="store_true", help="run random batteries at their full counts")
    parser.addoption("--long", action="store_true", help="run random batteries at their longest")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and tell the tests their size."""
    sizes.is_full = bool(config.getoption("--full") or config.getoption("--long"))
    config.addinivalue_line("markers", "full: runs only with --full or --long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked `full` unless asked for."""
    if config.getoption("--full") or config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="needs --full")
    for item in items:
        if "full" in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Let the collector leave alone what was collected: it walked through all of it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cases(pytestconfig: pytest.Config) -> Callable[..., int]:
    """`cases(default, full, long)`: how many cases this session is to run; long is full where it is not given."""

    def choose(default: int, full: int, long: int | None = None) -> int:
        if pytestconfig.getoption("--long"):
            return full if long is None else long
        return full if pytestconfig.getoption("--full") else default

    return choose


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> tuple[Path, object]:
    """A new folder, filled by whichever process asks first, and what filling it gave; all processes share it."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    said = root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_bytes(pickle.dumps(make(root / name)))
    return root / name, pickle.loads(said.read_bytes())


@pytest.fixture(scope="session")
def sample_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a catalog that holds the sample market; to be read, or copied, only."""

    def make(folder: Path) -> None:
        make_sample(Catalog.create(folder))

    return made_once(tmp_path_factory, "sample_market", make)[0]


@pytest.fixture(scope="session")
def lean_import(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, ImportSummary]:
    """The whole LEAN folder in a catalog, and what its import said; to be read only."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "data" / "lean"
    if not shared.is_dir():
        pytest.skip("needs a LEAN data folder at ../shared/data/lean")

    def make(folder: Path) -> ImportSummary:
        return import_lean(shared, Catalog.create(folder))

    folder, summary = made_once(tmp_path_factory, "lean_import", make)
    assert isinstance(summary, ImportSummary)
    return Catalog.open(folder), summary


@pytest.fixture(scope="session")
def lean_catalog(lean_import: tuple[Catalog, ImportSummary]) -> Catalog:
    """That catalog alone."""
    return lean_import[0]
