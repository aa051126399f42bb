"""What is new about a run since somebody last looked: moves of its status, issues, progress, its end.

The id of each event says all that whoever got it has been told so far, so a stream can be taken up again after it, also
from another process, and nothing is lost or told twice.
"""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from typing import Any

from periscope.instruments.times import time_text
from periscope.runs.documents import run_line
from periscope.runs.issue_kinds import Severity
from periscope.runs.lifecycle import ENDED, Status
from periscope.runs.store.run_rows import Run

_NEW, _STARTING, _RUNNING, _ENDED, _OVER = range(5)
_STAGES = {Status.NEW: _NEW, Status.STARTING: _STARTING, Status.RUNNING: _RUNNING} | dict.fromkeys(ENDED, _ENDED)
_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody knows of a run: how often it was taken up, how far its status is, its beat, how many issues.

    `queued` tells a run that was reset from what it was before. Issues that ended the run are counted by themselves,
    because they are listed first though they come last.
    """

    queued: int = 0
    attempt: int = 0
    stage: int = _NOTHING
    beat: int = 0
    fatal: int = 0
    others: int = 0

    def __str__(self) -> str:
        return ".".join(str(part) for part in astuple(self))

    @classmethod
    def parse(cls, text: str | None) -> "Told":
        """What an id says; nothing was told to who has none, or one of another make."""
        parts = (text or "").split(".")
        if len(parts) != 6 or not all(part.isascii() and part.isdecimal() and len(part) < 18 for part in parts):
            return cls()
        return cls(*(int(part) for part in parts))


@dataclass(frozen=True)
class Look:
    """A run as it was at a moment, with its issues so far. What all who look are sent is made once."""

    run: Run
    issues: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def progress(self) -> str:
        """How far it is, with money, positions and the latest orders, as JSON."""
        reading = self.run.reading or {}
        shown = {name: value for name, value in reading.items() if name != "issues"}
        return _json({"run": self.run.id, "progress": shown})


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream: its kind, its data as JSON, and what has been told with it."""

    kind: str
    data: str
    told: Told


def news(told: Told, look: Look) -> Iterator[Event]:
    """What is new, in order; an `end` is the last of all."""
    run = look.run
    stage = _STAGES[run.status]
    queued = run.queued_at or 0
    if stage < min(told.stage, _ENDED) or (told.queued and queued != told.queued):
        told = Told()  # it was reset: all begins anew
    again = told.attempt and run.attempt != told.attempt and stage == told.stage == _RUNNING
    told = replace(told, queued=queued, attempt=run.attempt, stage=_STARTING if again else told.stage)
    for passed in range(told.stage + 1, min(stage, _RUNNING) + 1):
        told = replace(told, stage=passed)
        status = (Status.NEW, Status.STARTING, Status.RUNNING)[passed]
        moment = (run.created_at, run.queued_at, run.started_at)[passed]
        if moment is not None:
            yield Event("status", _status(run, status, moment), told)
    for event in _issues(told, look):
        told = event.told
        yield event
    if run.is_active and run.reading is not None and run.beat != told.beat:
        told = replace(told, beat=run.beat)
        yield Event("progress", look.progress, told)
    if stage == _ENDED and told.stage < _ENDED:
        told = replace(told, stage=_ENDED)
        yield Event("status", _status(run, run.status, run.ended_at), told)
    if stage == told.stage == _ENDED:
        yield Event("end", _json(run_line(run)), replace(told, stage=_OVER))


def _issues(told: Told, look: Look) -> Iterator[Event]:
    fatal = [issue for issue in look.issues if issue["severity"] == Severity.FATAL.value]
    others = [issue for issue in look.issues if issue["severity"] != Severity.FATAL.value]
    for issue in others[told.others :]:
        told = replace(told, others=told.others + 1)
        yield Event("issue", _json({"run": look.run.id, "issue": issue}), told)
    for issue in fatal[told.fatal :]:
        told = replace(told, fatal=told.fatal + 1)
        yield Event("issue", _json({"run": look.run.id, "issue": issue}), told)


def _status(run: Run, status: Status, moment: int | None) -> str:
    at = None if moment is None else time_text(moment)
    reason = run.reason if status in ENDED else None
    return _json({"run": run.id, "status": status.value, "at": at, "attempt": run.attempt, "reason": reason})


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
