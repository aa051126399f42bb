"""A strategy that leaves, is killed, cuts the wire, or writes on it: told as what it is, in bounded time."""

import mmap
import platform
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from periscope.runs.backtest import run_backtest
from periscope.sandbox.confinement import Tier
from periscope.sandbox.control_groups import ControlGroup
from periscope.sandbox.ending import ended_early
from periscope.sandbox.launch import Child
from tests.runs.lab import AAA, Lab, Ran, line_of, walk, window_config
from tests.sandbox.conftest import InTier
from tests.sandbox.sources import handler

CORE = {"limits": {"handler_seconds": 2, "start_seconds": 5}}
LONGEST_SECONDS = 20
"""However busy the machine is: a limit takes two seconds, and what is asleep here sleeps longer than this."""


def run(lab: Lab, source: str) -> tuple[Ran, int]:
    folder = lab.bundle(source)
    began = time.monotonic()
    ran = lab.run(folder, core=CORE)
    assert time.monotonic() - began < LONGEST_SECONDS
    assert (ran.document["status"], ran.exit_code) == ("error", 4), ran.document["issues"]
    return ran, line_of(folder) if "# HERE" in source else 0


HOOKS = ("on_bar", "on_timer", "on_stop")
WAYS_OUT = ("import sys\nsys.exit()", "raise SystemExit(0)", "exit_ = SystemExit('bye')\nraise exit_")


@pytest.mark.parametrize(
    ("hook", "how"),
    [
        pytest.param(hook, how, marks=() if at == way else pytest.mark.full)
        for at, hook in enumerate(HOOKS)
        for way, how in enumerate(WAYS_OUT)
    ],
)
def test_sys_exit_is_told_with_its_line(lab: Lab, hook: str, how: str) -> None:
    ran, line = run(lab, handler(hook, how + "  # HERE"))
    issue = ran.issue("STRATEGY_EXITED")
    assert issue["classification"] == "user_error"
    assert issue["location"] == {"file": "strategy.py", "line": line, "function": hook}


EXITS = {
    "os._exit(0)": "exit status 0",
    "os._exit(3)": "exit status 3",
    "os.kill(os.getpid(), 9)": "signal 9",
    "os.abort()": "signal 6",
    "ctypes.string_at(0)": "signal 11",
    "os.killpg(0, 15)": "signal 15",
    "os.closerange(3, 100)": "exit status 1",
    "[socket.socket(fileno=n).shutdown(2) for n in channels()]": "exit status 1",
    "[socket.socket(fileno=n).shutdown(2) for n in channels()]; time.sleep(60)": "closed its channel",
}
TOOLS = """
import ctypes, os, socket, stat, time

def channels():
    found = []
    for descriptor in range(3, 200):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                found.append(descriptor)
        except OSError:
            pass
    return found
"""


@pytest.mark.parametrize("how", EXITS)
def test_a_process_that_ends(lab: Lab, in_tier: InTier, how: str) -> None:
    in_tier(Tier.UNCONFINED)
    body = f"self.bars += 1\nif self.bars == 60:\n    {how}\nreturn []"
    ran, _ = run(lab, handler("on_bar", body, TOOLS))
    issue = ran.issue("STRATEGY_EXITED")
    assert issue["classification"] == "user_error"
    assert EXITS[how] in issue["message"]
    if "channels" not in how and "closerange" not in how:
        assert (ran.document["bars"], issue["first"]) == (60, "2024-01-22T15:30:00Z")


CONFINED_EXITS = {
    "os._exit(3)": ("STRATEGY_EXITED", "exit status 3"),
    "os.kill(os.getpid(), 9)": ("STRATEGY_EXITED", "run out of memory"),
    "os.abort()": ("STRATEGY_EXITED", "signal 6"),
    "ctypes.string_at(0)": ("STRATEGY_EXITED", "signal 11"),
    "os.kill(os.getpid(), signal.SIGXCPU)": ("CPU_LIMIT", "processor time"),
    "os.kill(os.getpid(), signal.SIGSYS)": ("FORBIDDEN_SYSTEM_CALL", "system call"),
    "int80()": ("FORBIDDEN_SYSTEM_CALL", "system call"),
}
UNHEARD = ("os.kill(os.getpid(), 9)", "os.kill(os.getpid(), signal.SIGXCPU)", "os.kill(os.getpid(), signal.SIGSYS)")
"""Signals that the kernel does not let the first process of a namespace send to itself."""
INT80 = """
import mmap, platform, signal

def int80():
    # A call of the 32-bit table: mov eax, 20; int 0x80; ret.
    page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""


@pytest.mark.parametrize("tier", [Tier.SEALED, Tier.CONFINED])
@pytest.mark.parametrize("how", CONFINED_EXITS)
def test_a_confined_process_that_ends(lab: Lab, in_tier: InTier, tier: Tier, how: str) -> None:
    if "int80" in how and platform.machine() != "x86_64":
        pytest.skip("a call of another table is made in machine code of x86-64")
    in_tier(tier)
    body = f"self.bars += 1\nif self.bars == 60:\n    {how}\nreturn []"
    source = handler("on_bar", body, TOOLS + INT80)
    if tier is Tier.SEALED and how in UNHEARD:
        assert lab.run(source, core=CORE).document["status"] == "complete"
        return
    ran, _ = run(lab, source)
    code, words = CONFINED_EXITS[how]
    if tier is Tier.SEALED and how == "os.abort()":
        words = "signal 11"
    assert words in ran.issue(code)["message"]


@pytest.mark.parametrize(
    ("events", "code"), [("oom 0\noom_kill 0\n", "STRATEGY_EXITED"), ("oom_kill 1\n", "MEMORY_LIMIT")]
)
def test_a_process_that_its_control_group_has_ended(tmp_path: Path, events: str, code: str) -> None:
    (tmp_path / "memory.events").write_text(events)
    process = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    ours, theirs = socket.socketpair()
    page = mmap.mmap(-1, mmap.PAGESIZE)
    with ours, theirs, page:
        process.kill()
        found = ended_early(Child(process, ours, page, 0, 0, 0, group=ControlGroup(tmp_path)))
    assert found.code == code


@pytest.mark.parametrize("when", ["import os\nos._exit(0)\n", ""])
def test_a_process_that_ends_while_it_starts(lab: Lab, when: str) -> None:
    source = when + (
        "class Strategy(Base):\n    def __init__(self, data, config):\n        import os; os._exit(0)\n"
        "    async def on_start(self, t):\n        return []\n"
    )
    ran, _ = run(lab, source)
    assert "exit status 0" in ran.issue("STRATEGY_EXITED")["message"]


def test_a_process_that_ends_in_on_stop_is_an_error(lab: Lab) -> None:
    ran, _ = run(lab, handler("on_stop", "import os\nos._exit(0)"))
    assert ran.document["bars"] == 390
    assert ran.issue("STRATEGY_EXITED")["first"] == "2024-01-22T21:00:00Z"


def test_a_process_that_ends_between_two_messages(lab: Lab, cases: Callable[..., int]) -> None:
    """It dies after it has answered, while the engine prepares what comes next."""
    body = """\
self.bars += 1
threading.Thread(target=lambda: (time.sleep(0.0003 * self.bars), os._exit(7))).start()
return [register(span=Span.HOUR), UnregisterBarAction('AAA', EQUITY, Span.HOUR)]"""
    lab.add(AAA, hour=walk("09:30", 1, length=1_800_000_000))
    for _ in range(cases(3, 12)):
        ran, _ = run(lab, handler("on_bar", body, "import os, threading, time\n"))
        assert "exit status 7" in ran.issue("STRATEGY_EXITED")["message"]


FORGED = {
    "junk": "b'junk' * 100",
    "a huge frame": "struct.pack('<IB', 1 << 31, ord('a'))",
    "an unknown kind": "struct.pack('<IB', 0, ord('?'))",
    "all done": "frame('d', [0, 9999])",
    "a negative count": "frame('d', [-1, -1])",
    "acting without an action": "frame('a', [0, self.bars, True, []])",
    "counts of another script": "frame('a', [5, 1, True, []])",
    "no such bar": "frame('a', [0, 0, True, []])",
    "an action that is none": "frame('a', [0, self.bars, True, [{'type': 'ROB_THE_BANK'}]])",
    "an action that is a number": "frame('a', [0, self.bars, True, [5]])",
    "a number with an exponent": "frame('a', [0, self.bars, True, [{'type': 'INSERT_CASH', 'amount': '1e999999999'}]])",
    "nested": "struct.pack('<IB', 100_000, ord('a')) + bytes([0x91]) * 100_000",
    "two at once": "frame('e', [0, self.bars, True, 'X', '', None, '']) * 2",
    "an unknown code": "frame('e', [0, self.bars, True, 'NO_SUCH_CODE', 'x', None, ''])",
    "our own fault": "frame('e', [0, self.bars, True, 'BOOKS_UNBALANCED', 'x', None, ''])",
}
FRAME = """
import msgspec, struct

def frame(kind, body):
    packed = msgspec.msgpack.encode(body)
    return struct.pack('<IB', len(packed), ord(kind)) + packed
"""


OF_EACH_KIND = ("a huge frame", "an unknown kind", "counts of another script", "an action that is none", "nested")
"""`test_frames` says all of them, and more, to the engine without a process."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in OF_EACH_KIND else pytest.mark.full) for name in FORGED]
)
def test_writing_on_the_wire(lab: Lab, name: str) -> None:
    body = f"""\
self.bars += 1
if self.bars == 60:
    for number in channels():
        os.write(number, {FORGED[name]})
    time.sleep(60)
return []"""
    source = handler("on_bar", body, TOOLS + FRAME).replace(', order("BUY", 1), RegisterTimeStepAction(3600)', "")
    ran, _ = run(lab, source)
    issue = ran.issue("PROTOCOL_VIOLATION")
    assert (issue["component"], issue["classification"]) == ("simulation", "system_error")


def test_threads_that_print_and_compute(lab: Lab) -> None:
    body = """\
self.bars += 1
if self.bars == 1:
    for number in range(4):
        threading.Thread(target=lambda n=number: [print('thread', n) for _ in range(50)], daemon=True).start()
return [order('BUY', 1)] if self.bars % 50 == 0 else []"""
    ran = lab.run(handler("on_bar", body, "import threading\n"))
    assert (ran.document["status"], ran.document["bars"]) == ("complete", 390)
    assert sum("thread" in line for line in ran.said) > 0


def test_whoever_watches_fails(lab: Lab) -> None:
    """An exception of ours, in mid-run, leaves no process behind either."""

    def fails(progress: object) -> bool:
        raise RuntimeError("watching")

    with pytest.raises(RuntimeError, match="watching"):
        lab.run(handler("on_bar", "return [cash(1)]"), progress=fails)


def test_several_runs_at_once_in_one_process(lab: Lab) -> None:
    folder = lab.bundle(handler("on_bar", "self.bars += 1\nreturn [order('BUY', 1)] if self.bars % 9 == 0 else []"))
    config = window_config("09:30", "16:00")
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(run_backtest, folder, config, lab.catalog) for _ in range(4)]
        hashes = {run.result().document()["hash"] for run in runs}
    assert len(hashes) == 1


def test_a_thread_that_does_not_end_does_not_keep_the_run(lab: Lab) -> None:
    source = handler("on_stop", "threading.Thread(target=lambda: time.sleep(60)).start()", "import threading, time\n")
    began = time.monotonic()
    assert lab.run(source).document["status"] == "complete"
    assert time.monotonic() - began < LONGEST_SECONDS


ASYNC = {
    "sleep(0) without an event loop": ("", "import asyncio\nawait asyncio.sleep(0)"),
    "sleep(0)": ("import asyncio\n", "await asyncio.sleep(0)"),
    "a short sleep": ("import asyncio\n", "await asyncio.sleep(0.0001)"),
    "a task": ("import asyncio\n", "assert await asyncio.create_task(self.one()) == 1"),
    "gather": ("import asyncio\n", "assert await asyncio.gather(self.one(), self.one()) == [1, 1]"),
    "a timeout": ("import asyncio\n", "async with asyncio.timeout(5):\n    await asyncio.sleep(0)"),
    "a lock": ("import asyncio\n", "async with asyncio.Lock():\n    await asyncio.sleep(0)"),
    "a thread": ("import asyncio\n", "assert await asyncio.to_thread(sum, [1]) == 1"),
    "a question in a task": (
        "import asyncio\n",
        "assert await asyncio.create_task(self.data.get_position_by_symbol('AAA', EQUITY)) is not None",
    ),
}


@pytest.mark.parametrize("name", ASYNC)
def test_asyncio_in_a_handler(lab: Lab, name: str) -> None:
    before, body = ASYNC[name]
    source = handler("on_bar", body + "\nself.bars += 1\nreturn []", before) + (
        "    async def one(self):\n        return 1\n    async def on_stop(self):\n        say(self.bars)\n"
    )
    ran = lab.run(source)
    assert (ran.document["status"], ran.said) == ("complete", ["390"]), ran.document["issues"]


def test_a_task_that_cancels_itself(lab: Lab) -> None:
    ran, _ = run(lab, handler("on_bar", "asyncio.current_task().cancel()\nreturn []", "import asyncio\n"))
    assert "CancelledError" in ran.issue("STRATEGY_EXCEPTION")["message"]


def test_awaiting_what_is_nothing_to_await(lab: Lab) -> None:
    before = "class Odd:\n    def __await__(self):\n        yield 5  # HERE\n"
    ran, line = run(lab, handler("on_bar", "await Odd()\nreturn []", before))
    issue = ran.issue("STRATEGY_EXCEPTION")
    assert "import asyncio" in issue["message"]
    assert issue["location"] == {"file": "strategy.py", "line": line, "function": "__await__"}
