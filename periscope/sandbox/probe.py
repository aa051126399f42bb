"""Finding out which tier can be had here: by starting a process in it, not by asking what the kernel claims to have."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from periscope.sandbox.confinement import BEST_FIRST, Attempt, Confinement, Tier, not_linux
from periscope.sandbox.handshake import UnconfinedError
from periscope.sandbox.launch import of_tier, start_in


@dataclass(frozen=True, slots=True)
class Probe:
    """The best tier that can be had, None if there is none, and everything that was tried on the way to it."""

    tier: Tier | None
    attempts: tuple[Attempt, ...]


def probe() -> Probe:
    """Start a process without a strategy in each tier, best first, until one is found good from outside."""
    if sys.platform != "linux":
        return Probe(None, (not_linux(),))
    attempts: list[Attempt] = []
    with tempfile.TemporaryDirectory(prefix="periscope-probe-") as empty:
        for tier in BEST_FIRST:
            good, found = _try(tier, Path(empty))
            attempts += of_tier(tier, found)
            if good:
                return Probe(tier, tuple(attempts))
    return Probe(None, tuple(attempts))


def _try(tier: Tier, bundle: Path) -> tuple[bool, tuple[Attempt, ...]]:
    try:
        child = start_in(tier, Confinement(bundle))
    except UnconfinedError as error:
        return False, error.attempts
    child.abandon()
    return True, child.attempts
