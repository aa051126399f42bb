"""What the API answers with, as values: exact numbers are Decimals, times are datetimes in UTC.

Fields that a newer server adds are left out; one that is missing makes the answer unreadable.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

type Document = dict[str, Any]


class Value(msgspec.Struct, frozen=True):
    """A document of the API as a value that does not change."""


class Page[Item](Value, frozen=True):
    """A part of a listing; `next` is the cursor of the part behind it, None at the end."""

    items: list[Item]
    next: str | None


class Health(Value, frozen=True):
    """That the server answers."""

    status: str
    version: str


class CodeExplained(Value, frozen=True):
    """What a code of an error means, and what to do."""

    code: str
    status: int
    title: str
    mend: str


class RunLine(Value, frozen=True):
    """A run in short. `asked` is what was asked of an active run: stop or kill."""

    run: int
    version: str
    mode: str
    status: str
    asked: str | None
    reason: str | None
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    progress: Document | None
    final_value: Decimal | None
    net_trading_cash: Decimal | None
    copied_from: int | None
    lost: int

    @property
    def is_active(self) -> bool:
        """Whether it was started and has not ended."""
        return self.status in ("starting", "running")


class Location(Value, frozen=True):
    """A place in the strategy's files; lines count from 1."""

    file: str
    line: int
    function: str | None


class Issue(Value, frozen=True):
    """What went wrong in a run, or wants to be known: once, with how often it occurred."""

    id: str
    component: str
    classification: str
    severity: str
    code: str
    message: str
    count: int
    first: datetime | None
    last: datetime | None
    location: Location | None


class Run(RunLine, frozen=True):
    """Everything about a run but its long lists. `files` has the size of each file of its results in bytes."""

    config: Document
    result: Document | None
    issues: list[Issue]
    files: dict[str, int]


class Counted[Item](Page[Item], frozen=True):
    """A page of a listing whose length is known."""

    count: int
