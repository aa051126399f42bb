"""Hostile ends of a strategy's process, in every tier: told in time as what they are, and nothing is left running."""

import os
import time
from pathlib import Path

import pytest

from periscope.sandbox.confinement import BEST_FIRST, Confinement, NoSandboxError, Tier
from periscope.sandbox.session import SessionLimits
from tests.sandbox.battery.running import run_session
from tests.sandbox.conftest import dies

LIMIT = 0.2
_LIMITS = SessionLimits(handler_seconds=LIMIT, start_seconds=20, output_bytes=10_000, actions_per_reply=10)
_MOST_SECONDS = 20
"""However busy the machine is: what sleeps here sleeps for longer."""
_STRATEGY = """\
import ctypes, os, signal, sys, threading, time
from libs.shared_ipc.src.framework import StrategyBase


class Strategy(StrategyBase):
    def __init__(self, data_coordinator, config):
        pass

    async def on_start(self, as_of_time):
{start}
        return []

    async def on_bar(self, event):
        return []

    async def on_stop(self):
{stop}
"""
_IGNORE = """\
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
"""
_SEEN_TOO_LATE = "closed its channel"
"""What is said when the machine is so busy that the process is not over a moment after its channel."""
ENDINGS = {
    "exit status 0": ("os._exit(0)", "STRATEGY_EXITED", "exit status 0"),
    "sys.exit": ("sys.exit(0)", "STRATEGY_EXITED", ""),
    "the system call exit": ("ctypes.CDLL(None)._exit(0)", "STRATEGY_EXITED", "exit status 0"),
    "abort": ("os.abort()", "STRATEGY_EXITED", "ended by signal"),
    "a segmentation fault": ("ctypes.string_at(0)", "STRATEGY_EXITED", "signal 11"),
    "exit from a thread": (
        "threading.Thread(target=lambda: os._exit(0)).start(); time.sleep(60)",
        "STRATEGY_EXITED",
        "exit status 0",
    ),
    "every descriptor closed": ("os.closerange(0, 64)", "STRATEGY_EXITED", ""),
    "every descriptor closed, and staying": ("os.closerange(0, 64); time.sleep(60)", "STRATEGY_EXITED", "closed its"),
    "a spin with all signals ignored": (f"{_IGNORE}while True:\n    pass", "HANDLER_TIMEOUT", "on_start"),
    "a spin with all signals blocked": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True:\n    pass",
        "HANDLER_TIMEOUT",
        "on_start",
    ),
    "a stop": ("os.kill(os.getpid(), signal.SIGSTOP)\nwhile True:\n    time.sleep(1)", "HANDLER_TIMEOUT", "on_start"),
    "a kill": ("os.kill(os.getpid(), signal.SIGKILL)\nwhile True:\n    pass", "", ""),
}


def run(folder: Path, tier: Tier, start: str = "pass", stop: str = "pass") -> str:
    """The fault of a session with a strategy that does something at its start and at its end."""
    bundle = folder / "bundle"
    bundle.mkdir()
    places = {"start": start, "stop": stop}
    indented = {place: "\n".join(f"        {line}" for line in text.splitlines()) for place, text in places.items()}
    (bundle / "strategy.py").write_text(_STRATEGY.format(**indented))
    began = time.monotonic()
    try:
        ended = run_session(Confinement(bundle, tiers=(tier,)), {}, [], _LIMITS)
    except NoSandboxError as error:
        pytest.skip(f"no tier {tier} here: {error}")
    assert time.monotonic() - began < _MOST_SECONDS
    assert dies(ended.process)
    assert ended.process != os.getpid()
    return ended.fault


ONCE = ("exit status 0", "sys.exit", "the system call exit", "abort", "a segmentation fault", "exit from a thread")
"""In one tier by default: `test_exits` has their like in both."""


@pytest.mark.parametrize(
    ("ending", "tier"),
    [
        pytest.param(ending, tier, marks=pytest.mark.full if place and ending in ONCE else ())
        for place, tier in enumerate(BEST_FIRST)
        for ending in ENDINGS
    ],
)
def test_a_hostile_ending(tmp_path: Path, ending: str, tier: Tier) -> None:
    text, code, words = ENDINGS[ending]
    fault = run(tmp_path, tier, start=text)
    assert fault.partition(":")[0] in ([code] if code else ["STRATEGY_EXITED", "HANDLER_TIMEOUT"]), fault
    assert words in fault or _SEEN_TOO_LATE in fault, fault


@pytest.mark.parametrize("tier", BEST_FIRST)
def test_an_end_before_the_goodbye_is_an_error(tmp_path: Path, tier: Tier) -> None:
    fault = run(tmp_path, tier, stop="os._exit(0)")
    assert fault.startswith("STRATEGY_EXITED")
    assert "exit status 0" in fault or _SEEN_TOO_LATE in fault


@pytest.mark.parametrize("tier", BEST_FIRST)
def test_a_process_that_does_not_end_after_the_goodbye_is_ended(tmp_path: Path, tier: Tier) -> None:
    """The way out has been taken from it: what ends the process is a function that any code can replace."""
    assert run(tmp_path, tier, stop="os._exit = lambda status: time.sleep(60)") == ""


@pytest.mark.parametrize("tier", BEST_FIRST)
def test_threads_that_stay_do_not_keep_the_process(tmp_path: Path, tier: Tier) -> None:
    assert run(tmp_path, tier, start="threading.Thread(target=time.sleep, args=(60,)).start()") == ""
