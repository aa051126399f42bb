"""The page in a real browser: it draws, and nothing goes wrong on the console."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from periscope.report.page import write_report
from tests.report import make_run
from tests.report.made import MadeRun
from tests.report.write_run import write_run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=8000",
    "--enable-logging=stderr",
    "--window-size=1400,2400",
    "--dump-dom",
]

RUNS: dict[str, tuple[Callable[[], MadeRun], int, int]] = {
    # name: (run, charts drawn, rows of the first table in sight)
    "equity": (lambda: make_run.equity_run(bars=20_000, fills=1_000), 2, 15),
    "failed": (make_run.failed_run, 2, 3),
    "empty": (make_run.empty_run, 2, 0),
    "unconfined": (make_run.unconfined_run, 2, 15),
}


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
@pytest.mark.parametrize("name", RUNS)
def test_a_page_draws_its_charts_and_tables(name: str, tmp_path: Path) -> None:
    make, charts, rows = RUNS[name]
    run = make()
    folder = write_run(run, tmp_path / "run")
    page = write_report(
        folder, tmp_path / "report.html", catalog_root=None, bars_source=make_run.source_of(*run.markets)
    )
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
        text=True,
    )
    root = re.search(r"<html[^>]*>", done.stdout)
    assert root is not None
    assert "data-error" not in root.group()
    assert f'data-charts="{charts}"' in root.group()
    assert 'data-ready="yes"' in root.group()
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert done.stdout.count("<canvas") >= 4 * charts
    assert done.stdout.count("<tr data-at=") >= rows
    assert "owned" not in done.stdout.split("</title>")[0]
