"""Real servers: one for each test that changes something, two for all tests that only ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from periscope.runs.store.run_rows import Run
from tests.cli.conftest import periscope_command, workspace
from tests.databases import KINDS
from tests.server.results import finished_run
from tests.server.serving import Served, serving

__all__ = ["periscope_command", "workspace"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server over a new workspace on SQLite, with a version of the strategy `worker` and no runs."""
    with serving(tmp_path) as found:
        yield found


@pytest.fixture(params=KINDS)
def served_on_both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """The same on SQLite, and on PostgreSQL where there is one."""
    with serving(tmp_path, request.param) as found:
        yield found


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Run]]:
    """A server with one run that has ended, for who only reads."""
    with serving(tmp_path_factory.mktemp("ended")) as served:
        yield served, finished_run(served, core={"fees": {"per_share": "0.01"}})


@pytest.fixture(scope="session")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server behind `unchanged`."""
    with serving(tmp_path_factory.mktemp("unchanged")) as served:
        yield served


@pytest.fixture
def unchanged(new_server: Served) -> Iterator[Served]:
    """A server as `served` that tests share which leave it as it was, for who only asks or is refused."""
    store = new_server.store
    yield new_server
    assert (store.runs.page(), store.tokens.all()) == ([], [])
    assert [strategy.name for strategy in store.strategies.page()] == ["worker"]
    assert [each.symbol for each in new_server.lab.catalog.instruments.all()] == ["AAA"]
    assert not list((store.place.folder / "work").glob("*"))
