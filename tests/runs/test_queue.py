"""Many backtests that wait their turn."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from periscope.runs import managing
from periscope.runs.leases import lease_holder
from periscope.runs.lifecycle import Status
from periscope.runs.store.store import Store
from periscope.runs.supervisor import LEASE_NAME
from tests.databases import store_place
from tests.runs.desk import Desk
from tests.runs.lab import AAA, Lab, walk

SECONDS_EACH = 30
MOST_GROWTH_KILOBYTES = 10_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    lab = Lab(tmp_path).add(AAA, minute=walk("2024-01-22 09:30", 2_000))
    with store_place("sqlite", tmp_path / "store") as place, Store(place) as store:
        made = Desk(store, lab, None)
        try:
            yield made
        finally:
            made.end()


def _resident_kilobytes(process: str) -> int:
    status = Path(f"/proc/{process.split(':')[2]}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_queued_backtests_finish_with_steady_memory(desk: Desk, cases: Callable[..., int]) -> None:
    count = cases(3, 50)
    managing.start(desk.store, desk.first)
    numbers = [desk.first, *(desk.start_another() for _ in range(count - 1))]
    assert [desk.go_on() for _ in range(10)] == [True] + 9 * [False], "one supervisor is enough"
    measured: list[int] = []
    deadline = time.monotonic() + SECONDS_EACH * count
    while active := desk.store.runs.active():
        assert time.monotonic() < deadline
        assert len([run for run in active if run.process is not None]) <= 2
        holder = lease_holder(desk.store.database, LEASE_NAME)
        if holder is not None:
            measured.append(_resident_kilobytes(holder))
        time.sleep(0.2)
    runs = [desk.store.runs.get(number) for number in numbers]
    assert {run.status for run in runs} == {Status.COMPLETE}
    assert len({run.summary["hash"] for run in runs if run.summary is not None}) == 1
    assert all(run.lost == 0 for run in runs)
    early = max(measured[: len(measured) // 5 + 1])
    print(f"supervisor: {early} kB at first, at most {max(measured)} kB with {count} runs")
    assert max(measured) - early < MOST_GROWTH_KILOBYTES
