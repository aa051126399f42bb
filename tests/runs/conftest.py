"""A lab with one share in it, for every test of runs."""

from pathlib import Path

import pytest

from tests.runs.lab import AAA, Lab, walk


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """AAA has a minute bar for every minute of Monday, 22 January 2024."""
    return Lab(tmp_path).add(AAA, minute=walk("09:30", 390))
