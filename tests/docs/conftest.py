"""What the docs' pages begin with, made once."""

from pathlib import Path

import pytest

from tests.conftest import made_once
from tests.docs.commands import make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is copied for those pages that are not the first to show how it is made."""
    return made_once(tmp_path_factory, "docs", make)[0]
