"""Tests of the engine write many small catalogs; none of them has to survive a loss of power."""

import os
from pathlib import Path

import pytest

from tests.runs.lab import AAA, Lab, walk


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """AAA has ten minute bars of Monday, 22 January 2024, from 09:30 on."""
    return Lab(tmp_path).add(AAA, minute=walk("09:30", 10))
