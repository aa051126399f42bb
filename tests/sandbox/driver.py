"""One strategy's process and the host's end of it, without an engine: bars are handed in one by one.

`python -m tests.sandbox.driver NAME FOLDER` makes a bomb ready, says so, sets it off when it gets a line, and prints
how it ended, as JSON: for tests that want several hosts beside each other.
"""

import json
import sys
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from libs.shared_ipc.src.protocol import Action
from periscope.sandbox.confinement import BEST_FIRST, Confinement, Tier
from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import start_child
from periscope.sandbox.limits import Appetite
from periscope.sandbox.session import Session, SessionLimits
from tests.sandbox.bombs import BOMBS, HANDLER_SECONDS, MEMORY_BYTES, Bomb
from tests.sandbox.fake_child import AAA_STREAM

NOON = 1_705_942_800_000_000
MINUTE = 60_000_000
_LOOK_SECONDS = 0.002


class Driver:
    """A session with the strategy in a folder, after its `on_start`."""

    def __init__(self, folder: Path, tiers: tuple[Tier, ...] = BEST_FIRST, handler_seconds: float = HANDLER_SECONDS):
        limits = SessionLimits(handler_seconds, 60.0, 1_000_000, 1_000, MEMORY_BYTES)
        asked = Confinement(folder, memory_bytes=MEMORY_BYTES, tiers=tiers)
        self.lines: list[str] = []
        self.session = Session(limits, self._keep, lambda _config: [], partial(start_child, asked))
        self._bars = 0
        fault = self.session.launch(folder, b'{"type": "object"}', b"{}", 0)
        assert fault is None, fault
        self.session.start(NOON, lambda *_: (None, "there is none", 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.session.close()

    def bar(self) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Deliver one more bar; returns what the strategy did with it. Raises SandboxFaultError."""
        self._bars += 1
        end = NOON + self._bars * MINUTE
        row = (end - MINUTE, end, 1, 100, 101, 99, 100 + self._bars, 1_000)
        self.session.block([AAA_STREAM], 1, array("q", row).tobytes())
        return self.session.go([], 1, [], lambda: None)

    def _keep(self, _time: int | None, _stream: str, line: str) -> None:
        self.lines.append(line)


@dataclass(frozen=True)
class Ended:
    """How a bomb ended, after how many seconds, and how many of them after a limit was first seen to be broken."""

    code: str
    message: str
    line: int | None
    seconds: float
    over_seconds: float


def set_off(
    bomb: Bomb, folder: Path, tiers: tuple[Tier, ...], handler_seconds: float, ready: Callable[[], object] = bool
) -> Ended:
    """Write the bomb's strategy into a folder, deliver a bar once `ready` returns, and watch what happens."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "strategy.py").write_text(bomb.source)
    with Driver(folder, tiers, handler_seconds) as driver:
        ready()
        watch = _Watch(driver.session.pid)
        began = time.monotonic()
        try:
            said = driver.bar()
            assert isinstance(said, wire.Fault), "it came back"
            code, message, place = said.code, said.message, said.place
        except SandboxFaultError as error:
            code, message, place = error.code, error.message, error.place
        ended = time.monotonic()
        broken = watch.stop() or began + handler_seconds
    return Ended(
        code, message, None if place is None else place.line, ended - began, max(0.0, ended - min(broken, ended))
    )


class _Watch:
    """Looks often at a process, to know when it first had more memory or threads than it may."""

    def __init__(self, process: int) -> None:
        self._appetite = Appetite(process)
        self._over: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> float | None:
        """The time of the monotonic clock at which it was seen, None where it was not."""
        self._stopped.set()
        self._thread.join()
        self._appetite.close()
        return self._over

    def _look(self) -> None:
        while self._over is None and not self._stopped.wait(_LOOK_SECONDS):
            if self._appetite.excess(MEMORY_BYTES) is not None:
                self._over = time.monotonic()


def _wait_for_a_line() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    bomb, place = BOMBS[sys.argv[1]], Path(sys.argv[2])
    print(json.dumps(asdict(set_off(bomb, place, BEST_FIRST, HANDLER_SECONDS / 2, _wait_for_a_line))))
