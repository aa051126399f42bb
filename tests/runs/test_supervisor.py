"""The supervisor: who may act, what happens to runs whose processes die or fall silent, how many run at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from periscope.runs.lifecycle import Move, Status
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from periscope.runs.supervisor import LEASE_SECONDS, MOST_LOST, SILENCE_SECONDS
from tests.databases import KINDS, store_place
from tests.runs.world import World


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with store_place(request.param, tmp_path) as place, Store(place) as store:
        yield World(store)


def _started(world: World, count: int = 1) -> list[int]:
    version, _ = world.store.versions.add("one", "h", "a" * 64, [])
    numbers = [world.store.runs.create(version.id, {}).id for _ in range(count)]
    for number in numbers:
        world.store.runs.start(number)
    return numbers


def _get(world: World, number: int) -> Run:
    return world.store.runs.get(number)


def test_one_of_two_supervisors_acts(world: World) -> None:
    """One is stopped past its lease, another is started, the first goes on: one acts."""
    first, second = world.new_supervisor(), world.new_supervisor()
    (run,) = _started(world)
    assert first.step()
    assert not second.step()
    world.processes[0].begin()
    world.seconds += LEASE_SECONDS - 1
    assert not second.step()
    assert first.step(), "its sign of life counts"
    assert not second.step()
    world.seconds += LEASE_SECONDS + 1
    assert second.step(), "it has seen no sign of life for a whole lease"
    assert not first.step(), "it goes on, and finds itself outdated"
    assert len(world.processes) == 1, "the run was taken over, not started again"
    world.processes[0].finish(Move.FINISH)
    assert _get(world, run).status is Status.COMPLETE


def test_one_that_was_stopped_between_decision_and_deed_does_no_harm(world: World) -> None:
    """The first has noted that it starts attempt 1 and is stopped there; by the time it does, attempt 2 runs."""
    first, second = world.new_supervisor(), world.new_supervisor()
    (run,) = _started(world)
    real = first.supervisor._launcher.launch

    def stopped_here(number: int, attempt: int) -> None:
        world.seconds += 2 * LEASE_SECONDS
        second.step()
        world.seconds += 2 * LEASE_SECONDS
        assert second.step()
        assert world.living()[0].attempt == 2
        world.living()[0].begin()
        real(number, attempt)

    first.supervisor._launcher.launch = stopped_here  # type: ignore[assignment]
    first.step()
    new, old = world.processes
    old.begin()
    assert not old.is_alive
    assert not first.step()
    new.beat()
    new.finish(Move.FINISH)
    assert _get(world, run).status is Status.COMPLETE


def test_a_dead_supervisor_is_followed_at_once(world: World) -> None:
    first, second = world.new_supervisor(), world.new_supervisor()
    assert first.step()
    first.die()
    assert second.step()


def test_a_queue_is_worked_off_in_order(world: World) -> None:
    numbers = _started(world, 5)
    supervisor = world.new_supervisor(at_once=2)
    seen = []
    while world.store.runs.active():
        supervisor.step()
        assert len(world.living()) <= 2
        process = world.living()[0]
        process.begin()
        supervisor.step()
        process.finish(Move.FINISH)
        seen.append(process.run)
    assert seen == numbers


def test_a_lost_process_is_replaced_and_the_third_loss_is_the_end(world: World) -> None:
    (number,) = _started(world)
    supervisor = world.new_supervisor()
    for loss in range(1, MOST_LOST + 1):
        supervisor.step()
        supervisor.step()
        world.living()[0].begin()
        world.living()[0].is_alive = False
        supervisor.step()
        assert _get(world, number).lost == loss
    run = _get(world, number)
    assert run.status is Status.ERROR
    assert [issue["code"] for issue in world.store.runs.issues(number)] == ["RUN_PROCESS_LOST"]
    assert world.living() == []


def test_a_process_that_never_begins_is_replaced(world: World) -> None:
    (number,) = _started(world)
    supervisor = world.new_supervisor()
    supervisor.step()
    world.seconds += SILENCE_SECONDS + 1
    supervisor.step()
    assert not world.processes[0].is_alive
    supervisor.step()
    world.processes[0].begin()
    world.living()[-1].begin()
    world.living()[-1].finish(Move.FINISH)
    assert _get(world, number).status is Status.COMPLETE


def test_a_silent_process_is_ended_and_replaced(world: World) -> None:
    (number,) = _started(world)
    supervisor = world.new_supervisor()
    supervisor.step()
    world.processes[0].begin()
    supervisor.step()
    world.seconds += SILENCE_SECONDS - 1
    world.processes[0].beat()
    supervisor.step()
    world.seconds += SILENCE_SECONDS + 1
    supervisor.step()
    assert not world.processes[0].is_alive
    supervisor.step()
    assert world.processes[-1].attempt > 1
    assert _get(world, number).lost == 1


def test_a_kill_is_carried_out_and_a_stop_outlives_the_process(world: World) -> None:
    killed, stopped = _started(world, 2)
    supervisor = world.new_supervisor()
    supervisor.step()
    for process in world.living():
        process.begin()
    world.store.runs.ask(killed, "kill")
    world.store.runs.ask(stopped, "stop")
    world.processes[1].is_alive = False
    supervisor.step()
    assert world.living() == []
    assert {_get(world, number).status for number in (killed, stopped)} == {Status.STOPPED}
    assert len(world.processes) == 2, "what was to stop is not started again"


def test_a_machine_that_can_start_nothing_now_is_tried_again(world: World) -> None:
    (number,) = _started(world)
    supervisor = world.new_supervisor()
    real = supervisor.supervisor._launcher.launch

    def refuse(run: int, attempt: int) -> None:
        raise OSError("no memory")

    supervisor.supervisor._launcher.launch = refuse  # type: ignore[method-assign]
    for _ in range(5):
        assert supervisor.step()
    assert _get(world, number).status is Status.STARTING
    assert _get(world, number).lost == 0
    supervisor.supervisor._launcher.launch = real  # type: ignore[method-assign]
    supervisor.step()
    assert len(world.living()) == 1


def test_it_leaves_only_when_nothing_is_left(world: World) -> None:
    supervisor = world.new_supervisor()
    supervisor.step()
    _started(world)
    assert not supervisor.supervisor.leave_if_idle()
    supervisor.step()
    world.living()[0].begin()
    world.living()[0].finish(Move.FINISH)
    assert supervisor.supervisor.leave_if_idle()
    assert world.new_supervisor().step(), "the lease is free at once"
