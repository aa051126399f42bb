"""`doctor`: what it says of a machine with and without a sandbox, and how it ends."""

import sys
from dataclasses import dataclass
from types import ModuleType

import pytest

from periscope.cli.no_sandbox import CONTAINER_COMMAND
from periscope.sandbox.confinement import Attempt, Tier
from periscope.strategies.starting import BUNDLE_TEMPLATE
from tests.cli.command import Command, FakeRunner

GOOD = (Attempt("namespaces", True, "user, mount, pid"), Attempt("Landlock", True, "version 6"))
NO_MOUNT = Attempt("sealed: mounts", False, "PermissionError: [Errno 1] Operation not permitted")
NO_LANDLOCK = Attempt("confined: Landlock", False, "OSError: [Errno 38] Function not implemented")


@dataclass
class Found:
    """What the probe is to answer."""

    tier: Tier | None = Tier.SEALED
    attempts: tuple[Attempt, ...] = GOOD
    raises: Exception | None = None


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, runner: FakeRunner) -> Found:
    """Puts an answer in the place of a real probe, and a FakeRunner in that of the real runner."""
    answer = Found()

    def probe() -> Found:
        if answer.raises is not None:
            raise answer.raises
        return answer

    module = ModuleType("periscope.sandbox.probe")
    module.probe = probe  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "periscope.sandbox.probe", module)
    return answer


def test_it_looks_at_everything(periscope_command: Command, found: Found, runner: FakeRunner) -> None:
    outcome = periscope_command("doctor")
    assert outcome.code == 0, outcome.out
    for name in ("python", "platform", "processors", "packages", "sessions", "workspace"):
        assert f"  {name} " in outcome.out
    ((bundle, _, _),) = runner.asked
    assert bundle == BUNDLE_TEMPLATE
    assert runner.trusted == [False]


def test_it_shows_the_tier_and_each_attempt_with_its_result(periscope_command: Command, found: Found) -> None:
    out = periscope_command("doctor").out
    lines = [line.split() for line in out.splitlines()]
    assert ["ok", "sandbox", "sealed:", "confined,", "and", "in", "namespaces", "of", "its", "own"] in lines
    assert ["ok", "namespaces", "user,", "mount,", "pid"] in lines
    assert ["ok", "Landlock", "version", "6"] in lines
    assert "starts sealed, and handled 39 bars" in out
    document = periscope_command("doctor", "--json").json
    assert document["healthy"] is True
    assert document["sandbox"]["tier"] == "sealed"
    assert document["sandbox"]["attempts"][0] == {"name": "namespaces", "good": True, "detail": "user, mount, pid"}
    assert document["sandbox"]["what_to_do"] == []


def test_a_better_tier_that_is_missing_is_a_note(periscope_command: Command, found: Found) -> None:
    found.tier, found.attempts = Tier.CONFINED, (NO_MOUNT, *GOOD)
    outcome = periscope_command("doctor")
    assert outcome.code == 0
    assert "ok  sandbox" in outcome.out
    assert "--    sealed: mounts" in outcome.out
    assert "Operation not permitted" in outcome.out
    assert "What helps" not in outcome.out


def test_without_a_tier_it_starts_nothing_says_what_helps_and_ends_with_8(
    periscope_command: Command, found: Found, runner: FakeRunner
) -> None:
    found.tier, found.attempts = None, (NO_MOUNT, NO_LANDLOCK)
    outcome = periscope_command("doctor")
    assert outcome.code == 8
    assert "NO  sandbox" in outcome.out
    assert "NO    confined: Landlock" in outcome.out
    assert "--  strategy process" in outcome.out
    assert "a kernel of 5.13 or newer" in outcome.out
    assert "--trust-this-code" in outcome.out
    assert CONTAINER_COMMAND not in outcome.out, "a container has the same kernel"
    assert not runner.asked
    document = periscope_command("doctor", "--json").json
    assert document["healthy"] is False
    assert document["sandbox"]["tier"] is None
    assert document["sandbox"]["what_to_do"]


def test_another_operating_system_gets_the_container_command(
    periscope_command: Command, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    found.raises = AssertionError("there is nothing to probe on another system")
    monkeypatch.setattr("periscope.cli.no_sandbox.on_linux", lambda: False)
    monkeypatch.setattr("periscope.cli.doctor.on_linux", lambda: False)
    outcome = periscope_command("doctor")
    assert outcome.code == 8
    assert f"    {CONTAINER_COMMAND}" in outcome.out.splitlines()
    assert "has neither Landlock nor seccomp" in outcome.out


def test_a_probe_that_fails_itself_is_a_finding(periscope_command: Command, found: Found) -> None:
    found.raises = OSError("no more processes")
    outcome = periscope_command("doctor", "--json")
    assert outcome.code == 8
    assert outcome.json["sandbox"]["attempts"] == [
        {"name": "probe", "good": False, "detail": "OSError: no more processes"}
    ]


def test_it_says_when_a_strategy_cannot_start(periscope_command: Command, found: Found, runner: FakeRunner) -> None:
    runner.raises = OSError("no more processes")
    outcome = periscope_command("doctor", "--json")
    assert outcome.code == 8
    bad = [finding for finding in outcome.json["findings"] if finding["state"] == "bad"]
    assert [(finding["name"], finding["detail"]) for finding in bad] == [
        ("strategy process", "OSError: no more processes")
    ]


def test_on_this_machine_it_really_tries(periscope_command: Command) -> None:
    """Nothing is faked: a process is started in each tier down to the first that holds, and a strategy is run in it."""
    outcome = periscope_command("doctor", "--json")
    assert outcome.code == 0, outcome.out
    sandbox = outcome.json["sandbox"]
    assert sandbox["tier"] in {"sealed", "confined"}
    mine = [attempt for attempt in sandbox["attempts"] if attempt["name"].startswith(f"{sandbox['tier']}: ")]
    assert all(attempt["good"] for attempt in mine)
    looked_at = {attempt["name"].partition(": ")[2] for attempt in mine}
    assert looked_at >= {"Landlock", "no capabilities", "system calls are filtered", "making a file fails"}
    (run,) = (each for each in outcome.json["findings"] if each["name"] == "strategy process")
    assert run["detail"].startswith(f"starts {sandbox['tier']}, and handled ")


def test_the_page_fits_a_screen(periscope_command: Command, found: Found) -> None:
    many = tuple(
        Attempt(f"{tier}: what {number}", True, "seen") for tier in ("sealed", "confined") for number in range(10)
    )
    found.attempts = many
    assert len(periscope_command("doctor").out.splitlines()) <= 35
