"""A real run with very many orders, from `publish` to its report: memory stays small, and no look at it chokes.

A million of them with `--full`, which takes ten minutes of processor time.
"""

import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.long_series import long_minute_chunks, long_minute_instrument
from periscope.notebook.run import load_run
from periscope.runs.store.store import Store, StorePlace
from tests.cli.command import Command
from tests.report.test_browser import BROWSER, shown
from tests.runs.lab import HEADER, SCHEMA

ORDERS_A_BAR = 10
RUN_MEGABYTES = 800
"""Of the process of a run; a million orders took 531, ten thousand 173."""
STRATEGY_MEGABYTES = 64
PAGE_SECONDS = 1.0
"""Of processor time beyond starting the command."""
REPORT_BYTES = 30_000_000
SOURCE = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("LONG"), cash("100000000")]

    async def on_bar(self, event):
        self.bars += 1
        if self.bars % 500 == 0:
            print("bar", self.bars)
        actions, close = [], event.bar.close
        for n in range(ORDERS_A_BAR):
            actions.append((
                order("BUY", 1 + n, "LONG"),
                order("BUY", 2 + n, "LONG"),
                order("SELL", 1 + n // 2, "LONG"),
                limit("BUY", 1, close, "LONG", time_in_force=TimeInForce.DAY),
                limit("SELL", 1, close + 100, "LONG", time_in_force=TimeInForce.DAY),
            )[n % 5])
        return actions
"""


class Watch:
    """Looks at the processes of a run and notes what they take at most, in megabytes."""

    def __init__(self, folder: Path) -> None:
        self._store = folder / "store"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.run = self.strategy = 0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with Store(StorePlace(self._store)) as store:
            while not self._over.wait(0.1):
                processes = [run.process for run in store.runs.active() if run.process is not None]
                for number in (int(process.split(":")[2]) for process in processes):
                    self.run = max(self.run, _peak(number))
                    for child in _children(number):
                        if _program(child) != _program(number):  # else it was just forked: its memory is its parent's
                            self.strategy = max(self.strategy, _peak(child), *map(_peak, _children(child)))


def _peak(number: int) -> int:
    try:
        status = Path(f"/proc/{number}/status").read_text()
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) // 1024 if "VmHWM:" in status else 0


def _program(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


def _children(number: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    except OSError:
        return []


@pytest.fixture
def bars(periscope_command: Command, tmp_path: Path, cases: Callable[..., int]) -> int:
    """A workspace with so many bars and a published strategy that places ten orders at each."""
    count = cases(2_000, 1_000_000) // ORDERS_A_BAR
    assert periscope_command("init").code == 0
    catalog = Catalog.create(tmp_path / "catalog")
    for chunk in long_minute_chunks(count):
        catalog.write_bars(long_minute_instrument(count), BarTimeSpan.MINUTE, chunk, source="test")
    bundle = tmp_path / "strategies" / "many"
    bundle.mkdir(parents=True)
    (bundle / "strategy.py").write_text(HEADER + f"ORDERS_A_BAR = {ORDERS_A_BAR}\n" + SOURCE)
    (bundle / "config_schema.json").write_text(SCHEMA)
    assert periscope_command("publish", "many").code == 0
    return count


def test_a_run_with_very_many_orders_is_kept_and_looked_at(
    bars: int, periscope_command: Command, tmp_path: Path
) -> None:
    orders = bars * ORDERS_A_BAR
    window = ("--start", "2012-01-01", "--end", "2027-12-31")
    assert periscope_command("runs", "create", "many@1", *window, "--core", "slippage.ticks=1").code == 0
    with Watch(tmp_path) as watch:
        done = periscope_command("runs", "start", "1", "--wait")
    assert done.code == 0, done.err
    print(f"{orders} orders: the run took {watch.run} MB, its strategy {watch.strategy} MB")
    assert 0 < watch.run < RUN_MEGABYTES
    assert 0 < watch.strategy < STRATEGY_MEGABYTES
    _look_at_pages(periscope_command, orders)
    assert periscope_command("explain", "1", str(orders - 3), "--json").json["order"]["sequence"] == orders - 3
    assert "lines; --last 0 shows all" in periscope_command("ledger", "1").err
    _report(periscope_command, tmp_path, orders)
    assert periscope_command("runs", "export", "1", "run.zip").code == 0
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        assert archive.testzip() is None
    assert periscope_command("verify", "1").code == 0
    run = load_run(1)
    assert run.orders["sequence"].to_list() == list(range(1, orders + 1))
    assert run.fills.height == run.result["fills"]
    assert run.ledger.group_by("entry").agg(sum_="amount").height > run.fills.height


def _look_at_pages(periscope_command: Command, orders: int) -> None:
    """A page costs the same wherever it is."""
    for table in ("orders", "fills", "trades"):
        count = periscope_command("runs", table, "1", "--json", "--limit", "1").json["count"]
        assert count > orders // 4
        for after in (0, count // 2, count - 50):
            began = time.process_time()
            page = periscope_command("runs", table, "1", "--limit", "50", "--after", str(after), "--json").json
            assert time.process_time() - began < PAGE_SECONDS
            assert len(page[table]) == 50
            if table == "orders":
                assert [row["sequence"] for row in page["orders"]] == list(range(after + 1, after + 51))


def _report(periscope_command: Command, folder: Path, orders: int) -> None:
    assert periscope_command("runs", "report", "1").code == 0
    page = folder / "run-1.html"
    assert page.stat().st_size < REPORT_BYTES
    if BROWSER is not None and orders >= 100_000:
        html = shown(page, folder / "profile")
        assert 'data-ready="yes"' in html
        assert "the first of" in html, "a table that was cut says so"
