"""Makes the attempts that the host asks for, in the strategy's process."""

import importlib
from typing import Any

from .kit import ATTEMPTS, Attempt, Targets, can_fork, tell, tell_from_a_copy

THEMES = (
    *("descriptors", "files", "metadata", "links", "proc", "devices", "sockets", "processes"),
    *("others", "kernel", "namespaces", "ipc", "memory", "rights", "secrets", "indirect", "foreign"),
)


def all_attempts() -> dict[str, Attempt]:
    """The whole battery by name. What is open is looked at first, for attempts that fail leave descriptors behind."""
    for theme in THEMES:
        importlib.import_module(f"{__package__}.{theme}")
    return dict(sorted(ATTEMPTS.items(), key=lambda entry: THEMES.index(entry[0].partition(".")[0])))


def attempt_named(name: str) -> Attempt:
    """One attempt; no other theme than its own is compiled for it."""
    importlib.import_module(f"{__package__}.{name.partition('.')[0]}")
    return ATTEMPTS[name]


def targets_of(told: dict[str, Any]) -> Targets:
    """The targets as they are told in JSON."""
    read: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
    return Targets(**read)


def run(config: dict[str, Any]) -> None:
    """Make the attempts that the config names, each from a copy of the process where there can be one."""
    for name in config["imports"]:
        importlib.import_module(name)
    targets = targets_of(config["targets"])
    attempts = [attempt_named(name) for name in config["attempts"]]
    way = tell_from_a_copy if can_fork() else tell
    for attempt in attempts:
        way(attempt, targets)
