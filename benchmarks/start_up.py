"""From the launch of a strategy's process to the first line of the strategy: milliseconds, tier by tier.

Run it with `uv run python -m benchmarks.start_up`. The strategy prints the machine's monotonic clock in its first line;
the engine reads the same clock before it launches. The tiers take turns, so that a slow minute of the machine hits all
of them. What confinement costs is the difference to the start without it in the same round.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from periscope.sandbox.confinement import Confinement, NoSandboxError, Tier
from periscope.sandbox.launch import start_child
from periscope.sandbox.session import Session, SessionLimits

WANTED_MILLISECONDS = 60.0
WARM_UP = 2
"""Starts of each tier that are not counted: files are read into memory, and compiled where they are not."""

STRATEGY = """\
import time; print("began", time.clock_gettime_ns(time.CLOCK_MONOTONIC))
from libs.shared_ipc.src.framework import StrategyBase


class Strategy(StrategyBase):
    def __init__(self, data_coordinator, config):
        pass

    async def on_start(self, as_of_time):
        return []
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The starts of one tier in milliseconds; `confinement` is what they take longer than without it, in the median."""

    tier: Tier
    least: float
    median: float
    slow: float
    confinement: float | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; 0 if a strategy could be started in the tiers asked for that there are, 1 if in none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=40, help="starts of each tier that are counted, two at least")
    parser.add_argument("--tiers", type=Tier, nargs="+", default=list(Tier), metavar="TIER", help=", ".join(Tier))
    choices = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        bundle = Path(name)
        bundle.chmod(0o755)
        (bundle / "strategy.py").write_text(STRATEGY)
        taken = measure(bundle, choices.tiers, max(2, choices.starts))
    cores = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{max(2, choices.starts)} starts a tier, {cores} cores, {python}, {platform.machine()}")
    for tier in set(choices.tiers) - set(taken):
        print(f"{tier}: cannot be had here")
    print(table(rows(taken)))
    return 0 if taken else 1


def measure(bundle: Path, tiers: Sequence[Tier], starts: int) -> dict[Tier, list[float]]:
    """Milliseconds of each start, by tier; a tier that cannot be had is not among them."""
    taken: dict[Tier, list[float]] = {}
    for tier in tiers:
        try:
            for _ in range(WARM_UP):
                first_line(bundle, tier)
        except NoSandboxError:
            continue
        taken[tier] = []
    for _ in range(starts):
        for tier, found in taken.items():
            found.append(first_line(bundle, tier))
    return taken


def first_line(bundle: Path, tier: Tier) -> float:
    """Milliseconds from the launch of a process to the first line of the strategy in it."""
    lines: list[str] = []
    limits = SessionLimits(handler_seconds=10, start_seconds=20, output_bytes=10_000, actions_per_reply=10)
    asked = Confinement(bundle, tiers=(tier,))
    began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    session = Session(
        limits, lambda _time, _stream, line: lines.append(line), lambda _: [], partial(start_child, asked)
    )
    try:
        fault = session.launch(bundle, b"{}", b"{}", 0)
    finally:
        session.close()
    if fault is not None:
        raise RuntimeError(fault.message)
    (there,) = [int(line.split()[1]) for line in lines if line.startswith("began ")]
    return (there - began) / 1e6


def rows(taken: dict[Tier, list[float]]) -> list[Row]:
    """One row a tier."""
    bare = taken.get(Tier.UNCONFINED)
    found = []
    for tier, each in taken.items():
        more = None if bare is None else median(one - other for one, other in zip(each, bare, strict=True))
        found.append(Row(tier, min(each), median(each), quantiles(each, n=20)[-1], more))
    return found


def table(found: list[Row]) -> str:
    """The rows as text, and how the best tier stands to what is wanted."""
    lines = [f"{'tier':<12}{'least ms':>10}{'median ms':>11}{'p95 ms':>9}{'confinement ms':>16}"]
    for row in found:
        more = "-" if row.confinement is None else f"{row.confinement:.1f}"
        lines.append(f"{row.tier:<12}{row.least:>10.1f}{row.median:>11.1f}{row.slow:>9.1f}{more:>16}")
    if found:
        lines.append(f"{found[0].tier}: {found[0].median:.1f} ms, wanted under {WANTED_MILLISECONDS:.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
