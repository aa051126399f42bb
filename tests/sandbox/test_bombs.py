"""Strategies that take all they can get are ended in time, and harm nobody beside them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import WithdrawCashAction
from periscope.sandbox.confinement import Tier
from tests.runs.lab import Lab, line_of
from tests.sandbox.bombs import BOMBS, MEMORY_BYTES, UNCONFINED_BOMBS, Bomb
from tests.sandbox.conftest import dies
from tests.sandbox.driver import Driver, Ended, set_off
from tests.sandbox.sources import handler

ROOT = Path(__file__).resolve().parents[2]
OVER_SECONDS = 0.25
"""How long after its limit a bomb may last."""
TRIES = 5
"""On a machine with other work a measurement may fail: the best of so many counts."""
PATIENCE_SECONDS = 5.0
"""For a whole bomb, however busy the machine is."""
PACE_SECONDS = 0.02
LATE_SECONDS = 0.25
"""No answer of the paced run may take longer."""
HAND_OVERS = 4
"""The engine wakes, the strategy writes its stack, the engine kills it, its keeper takes note: where there are many
more threads than processors, each waits for its turn once more."""
LIGHT = ("a list", "text", "memory made read-only", "threads", "threads that compute", "processor", "a number")
"""Bombs for the test beside a paced run, the most various first."""


def check(name: str, bomb: Bomb, folder: Path, tiers: tuple[Tier, ...]) -> None:
    """A bomb ends as it should, and in time: in one of a few tries, since others may need the machine too.

    A bomb that gets too little of the processor to reach its own limit in time is ended by the handler's.
    """
    measured = []
    for number in range(TRIES):
        place = folder / str(number)
        ended = set_off(bomb, place, tiers, bomb.handler_seconds)
        assert ended.seconds < PATIENCE_SECONDS
        measured.append(f"{ended.code} {ended.over_seconds * 1000:.0f} ms")
        if ended.code == bomb.code or ended.code != "HANDLER_TIMEOUT":
            check_end(bomb, ended, place)
            if ended.over_seconds <= OVER_SECONDS:
                print(f"{name}, {tiers[0]}, over its limit for: {', '.join(measured)}")
                return
    pytest.fail(f"not once in time: {', '.join(measured)}")


def check_end(bomb: Bomb, ended: Ended, folder: Path) -> None:
    assert (ended.code, bomb.words in ended.message) == (bomb.code, True), ended
    if bomb.line and ended.line is not None:
        assert ended.line == line_of(folder), ended
    assert ended.line is not None or not bomb.line or bomb.code == "HANDLER_TIMEOUT", "only a stack may come too late"


ALSO_CONFINED = ("a list", "memory in a thread", "threads", "processor, no signal heard", "processes", "descriptors")
"""One bomb of each mechanism: limits of the kernel's, what is measured, the time, the filter. All, with `--full`."""


@pytest.mark.parametrize(
    ("name", "tier"),
    [(name, Tier.SEALED) for name in BOMBS]
    + [pytest.param(name, Tier.CONFINED, marks=() if name in ALSO_CONFINED else pytest.mark.full) for name in BOMBS],
)
def test_a_bomb_is_ended_in_time(tmp_path: Path, name: str, tier: Tier) -> None:
    check(name, BOMBS[name], tmp_path, (tier,))


@pytest.mark.parametrize("name", UNCONFINED_BOMBS)
def test_what_is_measured_from_outside_holds_without_confinement(tmp_path: Path, name: str) -> None:
    check(name, UNCONFINED_BOMBS[name], tmp_path, (Tier.UNCONFINED,))


def test_the_limits_of_a_run_are_those_of_its_config(lab: Lab) -> None:
    folder = lab.bundle(handler("on_bar", "hoard = []\nwhile True: hoard.append(b'x' * (1 << 20))  # HERE"))
    ran = lab.run(folder, core={"limits": {"memory_bytes": MEMORY_BYTES}})
    issue = ran.issue("MEMORY_LIMIT")
    assert (ran.document["status"], ran.exit_code, issue["classification"]) == ("error", 4, "user_error")
    assert issue["location"] == {"file": "strategy.py", "line": line_of(folder), "function": "on_bar"}
    assert ran.document["config"]["core"]["limits"]["memory_bytes"] == MEMORY_BYTES


@pytest.mark.parametrize("where", ["__init__", "import", "on_stop"])
def test_memory_may_run_out_anywhere(lab: Lab, where: str) -> None:
    bomb = "hoard = [b'x' * (1 << 20) for _ in range(1 << 20)]  # HERE\n"
    if where == "import":
        folder = lab.bundle(bomb + handler("on_stop", "pass"))
    elif where == "on_stop":
        folder = lab.bundle(handler("on_stop", bomb))
    else:
        source = f"class Strategy(Base):\n    def __init__(self, data, config):\n        {bomb}"
        folder = lab.bundle(source + "    async def on_start(self, as_of_time):\n        return []\n")
    ran = lab.run(folder, core={"limits": {"memory_bytes": MEMORY_BYTES}})
    location = ran.issue("MEMORY_LIMIT")["location"]
    assert (location["file"], location["line"]) == ("strategy.py", line_of(folder))


def test_memory_that_is_given_back_is_no_breach(lab: Lab) -> None:
    body = "held = b'x' * (100 << 20)\nreturn []"
    ran = lab.run(handler("on_bar", body), end="09:34", core={"limits": {"memory_bytes": MEMORY_BYTES}})
    assert (ran.document["status"], ran.codes) == ("complete", []), ran.document["issues"]


def test_a_thread_that_hoards_between_answers_is_seen(lab: Lab) -> None:
    """Each bar is answered at once, so the engine never waits long."""
    before = """
import mmap, threading, time

def hoard():
    held = []
    while True:
        held.append(mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        held[-1].write(bytes(1 << 20))
        address = ctypes.addressof(ctypes.c_char.from_buffer(held[-1]))
        ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), ctypes.c_size_t(1 << 20), 1)
        time.sleep(0.0005)
"""
    body = """\
self.bars += 1
if self.bars == 1: threading.Thread(target=hoard, daemon=True).start()
time.sleep(0.005)
return [cash(1)]"""
    ran = lab.run(handler("on_bar", body, "import ctypes\n" + before), core={"limits": {"memory_bytes": 64 << 20}})
    assert ran.codes == ["MEMORY_LIMIT"]
    assert 0 < ran.document["bars"] < 390


def test_a_timer_for_every_millisecond_is_ended_with_the_run(lab: Lab) -> None:
    body = "return [RegisterTimeStepAction(0.001)]"
    ran = lab.run(handler("on_timer", body), core={"limits": {"total_seconds": 1}})
    assert ran.codes == ["RUN_TIMEOUT"]
    assert ran.document["elapsed_seconds"] < 1 + PATIENCE_SECONDS


PACED = """\
from libs.shared_ipc.src.framework import StrategyBase
from libs.shared_ipc.src.protocol import WithdrawCashAction


class Strategy(StrategyBase):
    def __init__(self, data_coordinator, config):
        pass

    async def on_start(self, as_of_time):
        return []

    async def on_bar(self, event):
        return [WithdrawCashAction(event.bar.close)]
"""


def test_bombs_beside_a_paced_run(tmp_path: Path, cases: Callable[..., int]) -> None:
    """The paced run gets a bar every 20 ms and answers each; all bombs go off at the same moment and are ended.

    Where they get too little of the processor to reach their own limit in time, it is the handler's that ends them.
    """
    names = list(islice(cycle(LIGHT), cases(5, 20)))
    for number in range(TRIES):
        slowest, longest, turn = _blow_up(names, tmp_path / str(number))
        assert max(slowest, longest) < PATIENCE_SECONDS
        if slowest <= LATE_SECONDS and longest <= OVER_SECONDS + HAND_OVERS * turn:
            return
    pytest.fail("not once were all bombs ended and all bars answered in time")


def _blow_up(names: list[str], folder: Path) -> tuple[float, float, float]:
    """Three times in seconds, the longest of each.

    What an answer of the paced run took, how long a bomb was over its limit, and for how long this test, which sleeps
    between the bars, waited for its turn of a processor when it woke up.
    """
    (folder / "paced").mkdir(parents=True)
    (folder / "paced" / "strategy.py").write_text(PACED)
    with Driver(folder / "paced", handler_seconds=30) as driver:
        hosts = [_host(name, folder / f"bomb{number}") for number, name in enumerate(names)]
        try:
            for host in hosts:
                assert host.stdout is not None
                assert host.stdout.readline() == "ready\n"
            for host in hosts:
                assert host.stdin is not None
                host.stdin.write("go\n")
                host.stdin.flush()
            answers, turns = _pace(driver, hosts)
            said = [host.communicate(timeout=60) for host in hosts]
        finally:
            for host in hosts:
                host.kill()
                host.wait()
    assert not any(errors for _, errors in said), said
    half, nearly_all, most = (f"{answers[(len(answers) - 1) * part // 100] * 1000:.1f} ms" for part in (50, 99, 100))
    print(f"{len(answers)} bars beside {len(names)} bombs: p50 {half}, p99 {nearly_all}, at most {most}; ", end="")
    print(f"turns came after at most {turns[-1] * 1000:.1f} ms")
    ends = [Ended(**json.loads(text)) for text, _ in said]
    for number, (name, ended) in enumerate(zip(names, ends, strict=True)):
        print(f"{name}: {ended.code} after {ended.seconds:.3f} s, over for {ended.over_seconds * 1000:.0f} ms")
        if ended.code != "HANDLER_TIMEOUT":
            check_end(BOMBS[name], ended, folder / f"bomb{number}")
    return answers[-1], max(ended.over_seconds for ended in ends), turns[-1]


def _host(name: str, folder: Path) -> subprocess.Popen[str]:
    """An engine's process of its own with a bomb."""
    command = [sys.executable, "-m", "tests.sandbox.driver", name, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _pace(driver: Driver, hosts: list[subprocess.Popen[str]]) -> tuple[list[float], list[float]]:
    """Deliver bars until the bombs are over; how long each answer and each turn of this process took, sorted."""
    answers: list[float] = []
    turns: list[float] = []
    due = time.monotonic()
    while len(answers) < 50 or any(host.poll() is None for host in hosts):
        slept = max(0.0, due - time.monotonic())
        until = time.monotonic() + slept
        time.sleep(slept)
        began = time.monotonic()
        turns.append(began - until)
        said = driver.bar()
        answers.append(time.monotonic() - began)
        cents = Decimal(100 + len(answers))
        assert isinstance(said, tuple)
        assert said[3] == [WithdrawCashAction(cents / 100)]
        due += PACE_SECONDS
    return sorted(answers), sorted(turns)


def test_nothing_of_a_bomb_is_left(tmp_path: Path) -> None:
    (tmp_path / "strategy.py").write_text(BOMBS["threads that compute"].source)
    with Driver(tmp_path) as driver:
        number = driver.session.pid
    assert dies(number)
