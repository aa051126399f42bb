"""A strategy's process that lives for one `on_start`, in a tier of the test's choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from periscope.engine.port import FrontMonthAnswer, ReplyKind
from periscope.runs.ports import BundleSource, HostedPort
from periscope.sandbox.confinement import Confinement, Package, Tier
from periscope.sandbox.session import SessionLimits

TIERS = (Tier.SEALED, Tier.CONFINED)
_LIMITS = SessionLimits(handler_seconds=60, start_seconds=60, output_bytes=1 << 20, actions_per_reply=10)
_NOON = 1_705_942_800_000_000
_STRATEGY = """\
{imports}
from libs.shared_ipc.src.framework import StrategyBase


class Strategy(StrategyBase):
    def __init__(self, data_coordinator, config):
        pass

    async def on_start(self, as_of_time):
{body}
        print("came to the end")
        return []
"""


@dataclass(frozen=True)
class Said:
    """What a strategy printed, line by line."""

    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)


class FailedError(Exception):
    """The strategy did not come to the end of its `on_start`; the text says why."""


def write_bundle(folder: Path, imports: str, body: str, files: Mapping[str, str] | None = None) -> Path:
    """A strategy that runs `body` in `on_start`, and the files beside it."""
    folder.mkdir(exist_ok=True)
    lines = "".join(f"        {line}\n" if line else "\n" for line in body.splitlines())
    (folder / "strategy.py").write_text(_STRATEGY.format(imports=imports, body=lines.rstrip("\n")))
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    return folder


def live_shortly(folder: Path, tiers: tuple[Tier, ...], packages: Sequence[Package] = ()) -> Said:
    """Run `on_start` of the bundle in `folder` in a process confined so; returns what it printed.

    Raises FailedError if it fails.
    """
    said = Said()
    streams = {"stdout": said.stdout, "stderr": said.stderr}
    asked = Confinement(folder, packages=tuple(packages), tiers=tiers)
    source = BundleSource(folder, b'{"type": "object"}', b"{}", seed=1)
    with HostedPort(source, _LIMITS, lambda time, stream, line: streams[stream].append(line), asked) as port:
        assert port.tier == tiers[0], "tests are of the tier that they name, and the best is to be had"
        reply = port.start(_NOON, _no_front_month)
        if reply.kind is ReplyKind.FAILED:
            raise FailedError(reply.failure)
        assert port.stop(_NOON) is None
    assert said.stdout.pop() == "came to the end", said
    return said


def _no_front_month(*_: object) -> FrontMonthAnswer:
    return None, "there are no futures", 0, 1
