"""The words in which issues are classified, and the shape of a catalogue entry."""

from dataclasses import dataclass
from enum import StrEnum


class Component(StrEnum):
    """Where an issue was seen: running the user's code, or in the runner around it."""

    STRATEGY = "strategy"
    SIMULATION = "simulation"


class Classification(StrEnum):
    """Who caused an issue and must act: the strategy or its config, or Periscope."""

    USER_ERROR = "user_error"
    SYSTEM_ERROR = "system_error"


class Severity(StrEnum):
    """What an issue does to the run: ends it, refuses one thing, or merely wants to be known."""

    FATAL = "fatal"
    REFUSAL = "refusal"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class IssueCode:
    """One entry of the catalogue: what went wrong (`cause`), an example, and what to do (`mend`)."""

    code: str
    component: Component
    classification: Classification
    severity: Severity
    cause: str
    example: str
    mend: str
