"""The battery in real sessions, in the tier that is wanted, and what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from periscope.sandbox.confinement import Confinement, Tier
from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import start_child
from periscope.sandbox.packages import resolve
from periscope.sandbox.session import Session, SessionLimits
from tests.sandbox.battery.attempts.kit import Attempt, Targets
from tests.sandbox.battery.attempts.running import all_attempts
from tests.sandbox.battery.decoys import Decoys

_LIMITS = SessionLimits(handler_seconds=120, start_seconds=20, output_bytes=1 << 20, actions_per_reply=10)
_SAID = "outcome "
_ENDED_BY_FILTER = "was ended by signal 31"
_TRIES = 4


@dataclass(frozen=True)
class Outcome:
    """How one attempt went: `escaped`, `held` (and by which error), `broken`, or `silent`: nothing was heard of it."""

    name: str
    outcome: str
    trace: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome} {self.trace} {self.text}".strip()


@dataclass(frozen=True)
class Report:
    """What the process said of its attempts, what the host noticed, and the fault that ended the session, if any."""

    outcomes: list[Outcome]
    noticed: list[str]
    fault: str


def run_battery(tier: Tier, packages: Sequence[str] = ()) -> Report:
    """All attempts: together in one process, and each that the filter may answer by ending the process in its own.

    With `packages`, which the strategy is then allowed and imports first, only those that are together.
    """
    together = [attempt for attempt in all_attempts().values() if tier is Tier.UNCONFINED or not attempt.alone]
    alone = [attempt for attempt in all_attempts().values() if attempt not in together and not packages]
    with Decoys() as decoys:
        targets = decoys.targets()
        outcomes, fault = _heard(decoys.bundle, targets, tier, together, packages)
        for attempt in alone:
            outcomes[attempt.name] = _alone(decoys.bundle, targets, tier, attempt)
        noticed = decoys.noticed()
    silent = (Outcome(attempt.name, "silent", "", fault) for attempt in together if attempt.name not in outcomes)
    return Report([*outcomes.values(), *silent], noticed, fault)


def _alone(bundle: Path, targets: Targets, tier: Tier, attempt: Attempt) -> Outcome:
    """Make an attempt that may end its process. On a busy machine the signal that ended it may be told too late."""
    fault = ""
    for _ in range(_TRIES):
        outcomes, fault = _heard(bundle, targets, tier, [attempt])
        if outcomes:
            return outcomes[attempt.name]
        if _ENDED_BY_FILTER in fault:
            return Outcome(attempt.name, "held", "SIGSYS", fault)
    return Outcome(attempt.name, "silent", "", fault)


def _heard(
    bundle: Path, targets: Targets, tier: Tier, attempts: Sequence[Attempt], packages: Sequence[str] = ()
) -> tuple[dict[str, Outcome], str]:
    """Make some attempts in one process; returns what it said of them and how the session failed, "" if it did not."""
    lines: list[str] = []
    config = {
        "attempts": [attempt.name for attempt in attempts],
        "targets": asdict(targets),
        "imports": list(packages),
    }
    fault = run_session(Confinement(bundle, packages=resolve(packages), tiers=(tier,)), config, lines).fault
    if fault:
        fault = " | ".join([fault, *[line for line in lines if not line.startswith(_SAID)][-8:]])
    return outcomes_in(lines), fault


def outcomes_in(lines: Sequence[str]) -> dict[str, Outcome]:
    """The outcomes among some lines of output."""
    found = [Outcome(**json.loads(line.removeprefix(_SAID))) for line in lines if line.startswith(_SAID)]
    return {outcome.name: outcome for outcome in found}


@dataclass(frozen=True)
class Ended:
    """The number of the strategy's process, and the code of the fault and what it says, "" where there was none."""

    process: int
    fault: str


def run_session(asked: Confinement, config: dict[str, Any], lines: list[str], limits: SessionLimits = _LIMITS) -> Ended:
    """Start, run `on_start` and stop; `lines` takes what is printed."""
    session = Session(
        limits,
        lambda _time, _stream, text: lines.append(text),
        lambda _config: [],
        lambda: start_child(asked),
    )
    try:
        fault = session.launch(asked.bundle, b"{}", json.dumps(config).encode(), 0)
        if fault is None:
            said = session.start(0, lambda *_: (None, "no", 0, 0))
            fault = said if isinstance(said, wire.Fault) else session.stop(1)
    except SandboxFaultError as error:
        return Ended(session.pid, f"{error.code}: {error.message}")
    finally:
        session.close()
    return Ended(session.pid, "" if fault is None else f"{fault.code}: {fault.message}")
