"""What the tests of the examples share, made once for each process that runs tests."""

from pathlib import Path

import pytest

from periscope.market.catalog import Catalog


@pytest.fixture(scope="session")
def market(sample_market: Path) -> Catalog:
    """A catalog that holds the sample market."""
    return Catalog.open(sample_market)


@pytest.fixture(scope="session")
def type_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the type checker remembers what it has seen."""
    return tmp_path_factory.mktemp("types")
