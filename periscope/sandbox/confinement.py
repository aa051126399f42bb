"""What a strategy's process is given of the machine, in words: the tiers of confinement, and what is asked for."""

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Tier(StrEnum):
    """How well a strategy's process is confined."""

    SEALED = "sealed"
    """As confined, and in namespaces of its own, with a private read-only root."""
    CONFINED = "confined"
    """No rights, Landlock, a list of allowed system calls."""
    UNCONFINED = "unconfined"
    """A process of its own with its user's rights: only for code that its owner trusts."""


BEST_FIRST = (Tier.SEALED, Tier.CONFINED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried or looked at: what it was, whether it is as it must be, and what was seen."""

    name: str
    good: bool
    detail: str


def not_linux() -> Attempt:
    """What there is to say where nothing need be tried."""
    return Attempt("platform", False, f"{sys.platform} has neither Landlock nor seccomp")


class NoSandboxError(Exception):
    """No tier that was asked for can be had here; `attempts` says what was tried."""

    def __init__(self, attempts: tuple[Attempt, ...]) -> None:
        self.attempts = attempts
        failed = "; ".join(f"{attempt.name}: {attempt.detail}" for attempt in attempts if not attempt.good)
        super().__init__(f"no way to confine a strategy's process here ({failed})")


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package that strategies may import.

    `modules` are its top-level modules, each a folder with an `__init__.py` or a file; `folders` are all folders and
    files that they read, the modules' own included.
    """

    name: str
    version: str
    modules: tuple[tuple[str, Path], ...]
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a strategy's process may use.

    `bundle` is the folder it may read. `memory_bytes` bounds its private memory. `cpu_seconds` (None: a month) is a
    backstop: beyond it the kernel ends the process. `tiers` are tried in their order; `UNCONFINED` stands alone.
    """

    bundle: Path
    memory_bytes: int = 2 << 30
    cpu_seconds: int | None = None
    packages: tuple[Package, ...] = ()
    tiers: tuple[Tier, ...] = BEST_FIRST
