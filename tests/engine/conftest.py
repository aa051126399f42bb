"""Tests of the engine write many small catalogs; none of them has to survive a loss of power."""

import io
import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, override

import pytest

from tests.runs.lab import AAA, Lab, Ran, walk


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


class InProcessLab(Lab):
    """Runs strategies in this process unless told otherwise, and keeps what they print like those of their own."""

    @override
    def run(self, source: str | Path, *, in_process: bool = True, **how: Any) -> Ran:
        if not in_process:
            return super().run(source, in_process=False, **how)
        printed = io.StringIO()
        with redirect_stdout(printed):
            ran = super().run(source, in_process=True, **how)
        lines = [json.dumps({"stream": "stdout", "line": line}) + "\n" for line in printed.getvalue().splitlines()]
        (ran.out / "logs.jsonl").write_text("".join(lines))
        return ran


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """AAA has ten minute bars of Monday, 22 January 2024, from 09:30 on."""
    return InProcessLab(tmp_path).add(AAA, minute=walk("09:30", 10))
