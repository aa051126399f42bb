"""Every attempt is held in every tier, as root and as a user without rights, and can succeed where nothing holds it."""

import os
from collections.abc import Callable

import pytest

from periscope.sandbox.confinement import BEST_FIRST, NoSandboxError, Tier
from tests.sandbox.battery import expected
from tests.sandbox.battery.attempts.kit import Layer
from tests.sandbox.battery.attempts.running import all_attempts
from tests.sandbox.battery.careless import run_carelessly
from tests.sandbox.battery.running import Report, run_battery
from tests.sandbox.battery.unprivileged import UnavailableError, run_unprivileged

ATTEMPTS = all_attempts()
IS_ROOT = os.getuid() == 0
IDENTITIES: dict[str, Callable[[Tier], Report]] = {"root": run_battery} if IS_ROOT else {}
IDENTITIES["unprivileged"] = run_unprivileged if IS_ROOT else run_battery


def run(identity: str, tier: Tier) -> Report:
    try:
        return IDENTITIES[identity](tier)
    except NoSandboxError as error:
        pytest.skip(f"no tier {tier} here: {error}")
    except UnavailableError as error:
        pytest.skip(str(error))


def assert_held(report: Report, tier: Tier) -> None:
    """The layer that is named stopped each attempt, and the host noticed nothing."""
    assert report.fault == ""
    wrong = []
    for outcome in report.outcomes:
        attempt = ATTEMPTS[outcome.name]
        if attempt.only_sealed and tier is not Tier.SEALED:
            assert outcome.outcome in ("held", "escaped"), str(outcome)
        elif outcome.outcome != "held":
            wrong.append(f"{outcome}; {attempt.layer} must stop it")
        elif outcome.trace not in expected.plausible(attempt, tier):
            wrong.append(f"{outcome}; it was not {attempt.layer} that stopped it")
    assert not wrong, "\n".join(wrong)
    assert report.noticed == []


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("tier", BEST_FIRST)
def test_every_attempt_is_held(tier: Tier, identity: str) -> None:
    report = run(identity, tier)
    assert {outcome.name for outcome in report.outcomes} == set(ATTEMPTS)
    assert_held(report, tier)


@pytest.mark.parametrize("tier", BEST_FIRST)
def test_an_allowed_package_opens_no_way(tier: Tier) -> None:
    """NumPy starts no thread that is not confined, and none of its neighbours can be read."""
    try:
        report = run_battery(tier, ["numpy"])
    except NoSandboxError as error:
        pytest.skip(f"no tier {tier} here: {error}")
    assert {outcome.name for outcome in report.outcomes} == {name for name in ATTEMPTS if not ATTEMPTS[name].alone}
    assert_held(report, tier)


@pytest.mark.parametrize(
    "identity",
    [pytest.param(name, marks=() if place == 0 else pytest.mark.full) for place, name in enumerate(IDENTITIES)],
)
def test_every_attempt_can_succeed(identity: str) -> None:
    """Who has more rights is held by less, so one identity is enough by default."""
    report = run(identity, Tier.UNCONFINED)
    assert {outcome.name for outcome in report.outcomes} == set(ATTEMPTS)
    assert report.fault == ""
    excused = expected.excused(root=identity == "root", attempts=ATTEMPTS.values())
    failed = [
        str(outcome)
        for outcome in report.outcomes
        if outcome.outcome != "escaped"
        and (outcome.outcome != "held" or (outcome.name not in excused and outcome.trace != expected.ABSENT))
    ]
    assert not failed, "\n".join(failed)
    for seen in (
        "changed.txt",
        "made.txt",
        "victim alive",
        "shared memory",
        "tcp4",
        "udp",
        "stream",
        "abstract",
        "pipe",
    ):
        assert any(seen in noticed for noticed in report.noticed), f"the host did not notice: {seen}"


def test_what_a_careless_launch_leaves_is_found() -> None:
    outcomes = run_carelessly()
    assert set(outcomes) == {name for name, attempt in ATTEMPTS.items() if attempt.layer is Layer.LAUNCH}
    assert [str(outcome) for outcome in outcomes.values() if outcome.outcome != "escaped"] == []


def test_there_are_enough_attempts_of_every_kind() -> None:
    themes = {name.partition(".")[0] for name in ATTEMPTS}
    assert len(ATTEMPTS) >= 100
    assert len(themes) == 17
    assert {attempt.layer for attempt in ATTEMPTS.values()} == set(Layer)
    assert sum(attempt.only_sealed for attempt in ATTEMPTS.values()) <= 7
    assert expected.names(expected.NEVER, expected.MACHINE, expected.ONLY_ROOT) <= set(ATTEMPTS)
