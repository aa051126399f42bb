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


def shown(page: Path, profile: Path) -> str:
    """The page as the browser has drawn it; it must have run, and complained of nothing."""
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={profile}", page.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
        text=True,
    )
    assert "data-error" not in root_of(done.stdout)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    return done.stdout


def root_of(html: str) -> str:
    """The tag of the page's root, where its scripts say how far they came."""
    root = re.search(r"<html[^>]*>", html)
    assert root is not None
    return root.group()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
@pytest.mark.parametrize("name", RUNS)
def test_a_page_draws_its_charts_and_tables(name: str, tmp_path: Path) -> None:
    make, charts, rows = RUNS[name]
    run = make()
    folder = write_run(run, tmp_path / "run")
    page = write_report(
        folder, tmp_path / "report.html", catalog_root=None, bars_source=make_run.source_of(*run.markets)
    )
    html = shown(page, tmp_path / "profile")
    assert f'data-charts="{charts}"' in root_of(html)
    assert 'data-ready="yes"' in root_of(html)
    assert html.count("<canvas") >= 4 * charts
    assert html.count("<tr data-at=") >= rows
    assert "owned" not in html.split("</title>")[0]
