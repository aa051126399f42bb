"""A real server for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import periscope_command, workspace
from tests.databases import KINDS
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
