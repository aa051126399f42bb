"""The issues of a run: classified problems, counted rather than repeated."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from periscope.instruments.times import time_text
from periscope.runs.analysis_codes import ANALYSIS_CODES
from periscope.runs.issue_kinds import Classification, Component, IssueCode, Severity
from periscope.runs.simulation_codes import SIMULATION_CODES
from periscope.runs.strategy_codes import STRATEGY_CODES

__all__ = [
    "ISSUE_CODES",
    "Classification",
    "Component",
    "Issue",
    "IssueCode",
    "IssueLog",
    "Location",
    "Severity",
]

ISSUE_CODES: dict[str, IssueCode] = {
    entry.code: entry for entry in (*STRATEGY_CODES, *SIMULATION_CODES, *ANALYSIS_CODES)
}
"""The whole catalogue by code, in the order of the docs."""

MAX_DISTINCT_ISSUES = 1_000
MAX_MESSAGE_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the user's own files: file name in the bundle, line from 1, function name where known."""

    file: str
    line: int
    function: str | None = None


@dataclass(slots=True)
class Issue:
    """One problem with how often it occurred; `first` and `last` in microseconds since 1970-01-01 UTC, None before the
    simulation began. The message is that of the first occurrence."""

    kind: IssueCode
    subject: str
    message: str
    location: Location | None
    first: int | None
    last: int | None
    count: int = 1

    @property
    def id(self) -> str:
        """The same for the same problem in every run: a hash of code, subject and location."""
        where = "" if self.location is None else f"{self.location.file}:{self.location.line}:{self.location.function}"
        key = f"{self.kind.code}\x1f{self.subject}\x1f{where}"
        return hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The issue as it stands in result.json."""
        place = self.location
        return {
            "id": self.id,
            "component": self.kind.component.value,
            "classification": self.kind.classification.value,
            "severity": self.kind.severity.value,
            "code": self.kind.code,
            "message": self.message,
            "count": self.count,
            "first": None if self.first is None else time_text(self.first),
            "last": None if self.last is None else time_text(self.last),
            "location": place and {"file": place.file, "line": place.line, "function": place.function},
        }


class IssueLog:
    """Collects a run's issues. The same code, subject and location count as one issue; the number kept is bounded."""

    def __init__(self) -> None:
        self._issues: dict[tuple[str, str, Location | None], Issue] = {}

    def add(
        self, code: str, time: int | None, message: str = "", *, location: Location | None = None, subject: str = ""
    ) -> Issue:
        """Count one occurrence at `time` (microseconds since 1970-01-01 UTC, None before the simulation began).

        `subject` is what tells issues of one code apart, a symbol as a rule. Without a message the catalogue's cause
        stands in. A code that is not in the catalogue raises KeyError. Returns the issue it was counted to.
        """
        kind = ISSUE_CODES[code]
        key = (code, subject, location)
        if key not in self._issues and len(self._issues) >= MAX_DISTINCT_ISSUES:
            kind, subject, location, message = ISSUE_CODES["ISSUES_CUT"], "", None, "further issues are only counted"
            key = (kind.code, subject, location)
        issue = self._issues.get(key)
        if issue is None:
            text = (message or kind.cause)[:MAX_MESSAGE_CHARACTERS]
            issue = self._issues[key] = Issue(kind, subject, text, location, time, time)
            return issue
        issue.count += 1
        issue.first = time if issue.first is None else issue.first
        issue.last = issue.last if time is None else time
        return issue

    def __len__(self) -> int:
        return len(self._issues)

    def __iter__(self) -> Iterator[Issue]:
        return iter(self._issues.values())

    @property
    def fatal(self) -> Issue | None:
        """The first issue that ended the run, if one did."""
        return next((issue for issue in self if issue.kind.severity is Severity.FATAL), None)

    def to_json(self) -> list[dict[str, Any]]:
        """All issues, those that ended the run first, otherwise in order of their first occurrence."""
        ordered = sorted(self, key=lambda issue: issue.kind.severity is not Severity.FATAL)
        return [issue.to_json() for issue in ordered]
