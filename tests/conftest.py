"""Options of the whole suite: how many cases the random batteries run."""

from collections.abc import Callable

import hypothesis
import pytest

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
    """Register the markers."""
    config.addinivalue_line("markers", "full: runs only with --full or --long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked `full` unless asked for."""
    if config.getoption("--full") or config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="needs --full")
    for item in items:
        if "full" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def cases(pytestconfig: pytest.Config) -> Callable[..., int]:
    """`cases(default, full, long)`: how many cases this session is to run; long is full where it is not given."""

    def choose(default: int, full: int, long: int | None = None) -> int:
        if pytestconfig.getoption("--long"):
            return full if long is None else long
        return full if pytestconfig.getoption("--full") else default

    return choose
