"""What the tests of the examples share, made once for each process that runs tests."""

from pathlib import Path

import pytest

from periscope.market.catalog import Catalog
from periscope.market.sample import make_sample


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A catalog that holds the sample market."""
    catalog = Catalog.create(tmp_path_factory.mktemp("market"))
    make_sample(catalog)
    return catalog


@pytest.fixture(scope="session")
def type_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the type checker remembers what it has seen."""
    return tmp_path_factory.mktemp("types")
