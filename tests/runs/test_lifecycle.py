"""Every run reaches a true end, whatever is killed when: a state machine of all that can happen to runs."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from periscope.runs import managing
from periscope.runs.lifecycle import ACTIVE, ENDED, NEXT_STATUS, IllegalMoveError, Move, Status, next_status
from periscope.runs.store.refusals import Refused
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from tests.databases import store_place
from tests.runs.world import FakeProcess, FakeSupervisor, World

AT_ONCE = 2
PAGE = Path(__file__).parents[2] / "docs" / "runs.md"


def test_the_table_is_the_one_of_the_docs() -> None:
    listed = re.findall(r"^\| `(\w+)` \| ([\w ]+?) \| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert listed == [(str(status), str(move), str(after)) for (status, move), after in NEXT_STATUS.items()]


def test_every_other_move_raises() -> None:
    for status in Status:
        for move in Move:
            if (status, move) not in NEXT_STATUS:
                with pytest.raises(IllegalMoveError):
                    next_status(status, move)


def test_only_a_reset_leads_back() -> None:
    order = list(Status)
    for (status, move), after in NEXT_STATUS.items():
        if move is not Move.RESET:
            assert order.index(after) >= order.index(status)
            assert status not in ENDED


class Runs(RuleBasedStateMachine):
    """What operators, supervisors and processes do, in any order, with crashes in between."""

    kind = "sqlite"
    runs = Bundle("runs")
    supervisors = Bundle("supervisors")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._place = store_place(self.kind, Path(self._folder.name))
        self.store = Store(self._place.__enter__())
        self.world = World(self.store, elsewhere_every=3)
        self.version = self.store.versions.add("one", "h", "a" * 64, [])[0]
        self.ended: dict[int, Run] = {}
        self.known: dict[int, Status] = {}

    def teardown(self) -> None:
        """Whatever happened: with one supervisor left alone, all that was started ends."""
        try:
            self._bring_to_an_end()
        finally:
            self.store.close()
            self._place.__exit__(None, None, None)
            self._folder.cleanup()

    @initialize(target=supervisors)
    def first_supervisor(self) -> FakeSupervisor:
        return self.world.new_supervisor(AT_ONCE)

    @rule(target=runs)
    def create(self) -> int:
        return self._note(self.store.runs.create(self.version.id, {"n": len(self.known)}))

    @rule(target=runs, number=runs)
    def copy(self, number: int) -> int:
        return self._note(_run(managing.copy(self.store, number)))

    @rule(number=runs)
    def start(self, number: int) -> None:
        self._try(number, managing.start, allowed={Status.NEW})

    @rule(number=runs)
    def stop(self, number: int) -> None:
        self._try(number, managing.stop, allowed=ACTIVE)

    @rule(number=runs)
    def kill(self, number: int) -> None:
        self._try(number, managing.kill, allowed=ACTIVE)

    @rule(number=runs)
    def reset(self, number: int) -> None:
        if self._try(number, managing.reset, allowed=ENDED):
            self.ended.pop(number, None)
            self.known[number] = Status.NEW
            assert self.store.runs.files(number) == []

    @rule(target=runs, number=consumes(runs))
    def delete(self, number: int) -> object:
        before = self.store.runs.get(number)
        refused = managing.delete(self.store, number)
        assert (refused is None) == (before.status not in ACTIVE)
        if refused is not None:
            return number
        self.ended.pop(number, None)
        del self.known[number]
        assert isinstance(managing.find(self.store, number), Refused)
        return multiple()

    @rule(target=supervisors)
    def another_supervisor(self) -> FakeSupervisor:
        return self.world.new_supervisor(AT_ONCE)

    @rule(supervisor=supervisors)
    def step(self, supervisor: FakeSupervisor) -> None:
        if supervisor.name in self.world.supervisors:
            supervisor.step()

    @rule(supervisor=supervisors, write=st.integers(0, 6), after=st.booleans())
    def step_and_die(self, supervisor: FakeSupervisor, write: int, after: bool) -> None:
        if supervisor.name in self.world.supervisors:
            supervisor.step(write, after=after)

    @rule(supervisor=consumes(supervisors))
    def kill_supervisor(self, supervisor: FakeSupervisor) -> None:
        supervisor.die()

    @rule(seconds=st.sampled_from([0.2, 1.0, 11.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.world.seconds += seconds

    @precondition(lambda self: self.world.living())
    @rule(data=st.data(), what=st.sampled_from(["beat", "beat", "die", *(Move.FINISH, Move.FAIL)]))
    def process_acts(self, data: st.DataObject, what: str) -> None:
        process = data.draw(st.sampled_from(self.world.living()), label="process")
        if what == "die":
            process.is_alive = False
        else:
            self._act(process, Move.BEGIN if not process.has_begun else None if what == "beat" else Move(what))

    @rule(target=runs)
    def a_run_at_work(self) -> int:
        """A run whose process has begun, unless others have all the places."""
        number = self._note(self.store.runs.create(self.version.id, {}))
        assert isinstance(managing.start(self.store, number), Run)
        self._supervise(3)
        for process in self.world.living():
            if process.run == number:
                self._act(process, Move.BEGIN)
        return number

    @precondition(lambda self: self.world.living())
    @rule(data=st.data())
    def an_overtaken_process_comes_back(self, data: st.DataObject) -> None:
        """It was cut off for so long that another attempt has taken over; what it wants to write then is refused."""
        process = data.draw(st.sampled_from(self.world.living()), label="process")
        if not process.has_begun and data.draw(st.booleans(), label="begins first"):
            self._act(process, Move.BEGIN)
        process.is_elsewhere = True
        self._supervise(6)
        for what in (Move.BEGIN, None, Move.FINISH, Move.STOP, Move.FAIL):
            self._act(process, what)

    @invariant()
    def every_change_is_a_legal_one(self) -> None:
        for run in self.store.runs.page(limit=1_000):
            assert run.status in _reachable(self.known[run.id]), (run.id, self.known[run.id], run.status)
            self.known[run.id] = run.status
            if run.status in ENDED:
                first = self.ended.setdefault(run.id, run)
                assert run == first, "what has ended has ended, with the result that was seen"
                self._check_results(run)

    @invariant()
    def not_too_many_run(self) -> None:
        holders = [run for run in self.store.runs.active() if run.process is not None]
        assert len(holders) <= AT_ONCE

    def _supervise(self, steps: int) -> None:
        """Let a supervisor of its own take over and work for so many steps, without a sign of life between them."""
        supervisor = self.world.new_supervisor(AT_ONCE)
        for _ in range(steps):
            self.world.seconds += 31
            supervisor.step()
        supervisor.die()

    def _act(self, process: FakeProcess, what: Move | None) -> None:
        """Let a process begin, end, or give a sign of life: done if its attempt is still the one, otherwise nothing."""
        before = managing.find(self.store, process.run)
        is_mine = isinstance(before, Run) and before.is_active and before.attempt == process.attempt
        if what is None:
            asked = process.rows.beat({"attempt": process.attempt})
            done = asked != "gone"
            is_mine = is_mine and isinstance(before, Run) and before.status is Status.RUNNING
            if asked == "stop":
                process.finish(Move.STOP)
        elif what is Move.BEGIN:
            process.begin()
            done = process.has_begun
        elif is_mine and not process.has_begun:
            return
        else:
            process.finish(what)
            done = process.ended_run
        assert done == is_mine, f"attempt {process.attempt} wrote {what} over {before}"
        process.is_alive = process.is_alive and done
        if not is_mine:
            assert managing.find(self.store, process.run) == before

    def _check_results(self, run: Run) -> None:
        """Results are those of one attempt, all of it."""
        winners = [each for each in self.world.processes if each.run == run.id and each.ended_run]
        files = self.store.runs.files(run.id)
        if run.summary is None:
            assert files == []
        else:
            assert [file.bytes for file in files] == [run.summary["attempt"]]
            assert run.summary["attempt"] == run.attempt, "only the newest attempt may end a run"
            assert run.attempt in [winner.attempt for winner in winners]

    def _note(self, run: Run) -> int:
        self.known[run.id] = Status.NEW
        return run.id

    def _try(self, number: int, move: Callable[[Store, int], Run | Refused], *, allowed: object) -> bool:
        """A move is made exactly where the table has it; a refused one changes nothing."""
        before = self.store.runs.get(number)
        answer = move(self.store, number)
        assert isinstance(allowed, frozenset | set)
        assert isinstance(answer, Run) == (before.status in allowed)
        if isinstance(answer, Refused):
            assert self.store.runs.get(number) == before
        return isinstance(answer, Run)

    def _bring_to_an_end(self) -> None:
        supervisor = self.world.new_supervisor(AT_ONCE)
        for _ in range(60 + 40 * len(self.known)):
            if not self.store.runs.active():
                break
            self.world.seconds += 6
            supervisor.step()
            for process in self.world.living():
                _go_on(process)
            self.every_change_is_a_legal_one()
        assert not self.store.runs.active(), "a run is stuck"
        assert all(status is Status.NEW or status in ENDED for status in self.known.values())


def _go_on(process: FakeProcess) -> None:
    if not process.has_begun:
        process.begin()
    else:
        process.beat()
        if process.is_alive:
            process.finish(Move.FINISH)


def _reachable(status: Status) -> set[Status]:
    """Where a run may be some moves later, without a reset."""
    found = {status}
    while True:
        more = {after for (before, move), after in NEXT_STATUS.items() if before in found and move is not Move.RESET}
        if more <= found:
            return found
        found |= more


def _run(answer: Run | Refused) -> Run:
    assert isinstance(answer, Run)
    return answer


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_run_reaches_a_true_end(kind: str, cases: Callable[..., int]) -> None:
    with tempfile.TemporaryDirectory() as folder, store_place(kind, Path(folder)):
        pass  # skips where there is no such database
    machine = type("Machine", (Runs,), {"kind": kind})
    steps = cases(200, 10_000, 1_000_000) if kind == "sqlite" else cases(100, 2_000)
    run_state_machine_as_test(machine, settings=settings(max_examples=steps // 50, stateful_step_count=50))
