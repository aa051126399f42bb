"""Code that does not come back is ended in time, by the wall clock, from outside; the issue names its line."""

import re
import time
from itertools import product

import pytest

from periscope.sandbox.confinement import Tier
from tests.runs.lab import Lab, line_of
from tests.sandbox.conftest import InTier, dies
from tests.sandbox.sources import START, handler

LIMIT = 0.2
ALLOWED = 20.0
"""However busy the machine is: what hangs here hangs for hours. How soon the end comes is what `test_bombs` tells."""
SLOW = {"limits": {"handler_seconds": LIMIT, "start_seconds": 10}}
SLOW_START = {"limits": {"handler_seconds": 10, "start_seconds": LIMIT * 2}}


def check(lab: Lab, source: str, function: str | None, code: str = "HANDLER_TIMEOUT") -> None:
    folder = lab.bundle(source)
    began = time.monotonic()
    ran = lab.run(folder, core=SLOW_START if code == "START_TIMEOUT" else SLOW)
    taken = time.monotonic() - began
    assert (ran.document["status"], ran.exit_code, ran.codes[0]) == ("error", 4, code), ran.document["issues"]
    issue = ran.issue(code)
    assert issue["classification"] == "user_error"
    expected = {"file": "strategy.py", "line": line_of(folder), "function": function} if function else None
    assert issue["location"] == expected
    assert taken < ALLOWED


HOOKS = ("on_bar", "on_timer", "on_order_update", "on_stop")


@pytest.mark.parametrize("hook", HOOKS)
def test_an_endless_loop(lab: Lab, hook: str) -> None:
    check(lab, handler(hook, "while True: pass  # HERE"), hook)


def test_an_endless_loop_in_on_start(lab: Lab) -> None:
    source = "class Strategy(Base):\n    async def on_start(self, t):\n        while True: pass  # HERE\n"
    check(lab, source, "on_start")


def test_an_endless_loop_while_importing(lab: Lab) -> None:
    check(lab, "while True: pass  # HERE\n" + START, "<module>", "START_TIMEOUT")


def test_an_endless_loop_in_init(lab: Lab) -> None:
    source = "class Strategy(Base):\n    def __init__(self, data, config):\n        while True: pass  # HERE\n"
    check(lab, source + "    async def on_start(self, t):\n        return []\n", "__init__", "START_TIMEOUT")


LOOPS = {
    "in C": "sum(range(10**12))  # HERE",
    "in a regular expression": "__import__('re').match('(a+)+$', 'a' * 60 + 'b')  # HERE",
    "awaiting": "import asyncio\nawait asyncio.sleep(1000)  # HERE",
    "asleep": "__import__('time').sleep(1000)  # HERE",
    "questions without end": (
        "while True:\n    try:\n        await self.data.get_front_month_contract_by_volume('NOPE')  # HERE\n"
        "    except LookupError:\n        pass"
    ),
    "every exception swallowed": "try:\n    while True: pass  # HERE\nexcept BaseException:\n    pass",
    "printing": "while True: print('again')  # HERE",
}


BOMBS_TOO = ("in a regular expression", "questions without end")
"""Which are also ended as bombs."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full if name in BOMBS_TOO else ()) for name in LOOPS]
)
def test_other_ways_not_to_come_back(lab: Lab, name: str) -> None:
    if name == "printing":
        folder = lab.bundle(handler("on_bar", LOOPS[name]))
        ran = lab.run(folder, core=SLOW)
        assert ran.codes[0] == "HANDLER_TIMEOUT"
        return
    before = "import asyncio\n" if name == "awaiting" else ""
    check(lab, before + handler("on_bar", LOOPS[name]), "on_bar")


TIERS = (Tier.SEALED, Tier.CONFINED, Tier.UNCONFINED)
IGNORED = """\
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
"""
BLOCKED = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
REPLACED = "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: None)\n"


UNHEARD = {"ignored": IGNORED, "blocked": BLOCKED, "replaced": REPLACED}
LOOP, LOOP_IN_C = "while True: pass", "sum(range(10**12))"
EACH_ONCE = [
    ("ignored", LOOP, Tier.SEALED),
    ("blocked", LOOP_IN_C, Tier.CONFINED),
    ("replaced", LOOP, Tier.UNCONFINED),
    ("replaced", LOOP_IN_C, Tier.SEALED),
]
MARKED = [
    pytest.param(*each, marks=() if each in EACH_ONCE else pytest.mark.full)
    for each in product(UNHEARD, (LOOP, LOOP_IN_C), TIERS)
]


@pytest.mark.parametrize(("name", "loop", "tier"), MARKED)
def test_signals_that_are_not_heard(lab: Lab, in_tier: InTier, tier: Tier, name: str, loop: str) -> None:
    """No stack can be had then, and the process is ended all the same."""
    in_tier(tier)
    check(lab, handler("on_bar", UNHEARD[name] + loop), None)


@pytest.mark.parametrize("tier", TIERS)
def test_a_stopped_process(lab: Lab, in_tier: InTier, tier: Tier) -> None:
    """In the sealed tier the kernel does not let a process stop itself."""
    in_tier(tier)
    body = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass"
    ran = lab.run(handler("on_bar", body), core=SLOW)
    assert (ran.document["status"], ran.codes[0]) == ("error", "HANDLER_TIMEOUT"), ran.document["issues"]


def test_a_forged_stack(lab: Lab) -> None:
    """Lines written into the pipe for stacks are no danger, however they look."""
    body = """\
import os
line = b'  File "%s", line %s in x\\n' % (__file__.encode(), b'9' * 5000)
for descriptor in range(3, 100):
    try:
        if os.readlink(f'/proc/self/fd/{descriptor}').startswith('pipe:'):
            os.write(descriptor, line)
    except OSError:
        pass
while True: pass  # HERE"""
    check(lab, handler("on_bar", body), "on_bar")


def test_the_time_of_the_event_is_told(lab: Lab) -> None:
    ran = lab.run(handler("on_bar", "self.bars += 1\nwhile self.bars == 200: pass\nreturn []"), core=SLOW)
    issue = ran.issue("HANDLER_TIMEOUT")
    assert issue["first"] == "2024-01-22T17:50:00Z"
    assert ran.document["bars"] == 200


ODD = ('with "quotes"', "mit Umlaut ö", "mit 漢字 and 🙂", "back\\slash", "new\nline")


@pytest.mark.parametrize("name", [" ".join(ODD), *(pytest.param(name, marks=pytest.mark.full) for name in ODD)])
def test_a_folder_with_an_odd_name(lab: Lab, name: str) -> None:
    folder = lab.bundle(handler("on_bar", "while True: pass  # HERE"))
    renamed = folder.rename(folder.with_name(name))
    ran = lab.run(renamed, core=SLOW)
    expected = {"file": "strategy.py", "line": line_of(renamed), "function": "on_bar"}
    assert ran.issue("HANDLER_TIMEOUT")["location"] == expected


def test_the_limit_on_the_whole_run_holds_inside_a_handler(lab: Lab) -> None:
    folder = lab.bundle(handler("on_bar", "while True: pass  # HERE"))
    began = time.monotonic()
    ran = lab.run(folder, core={"limits": {"total_seconds": 0.7}})
    assert time.monotonic() - began < ALLOWED
    assert (ran.document["status"], ran.exit_code, ran.codes) == ("error", 4, ["RUN_TIMEOUT"])
    expected = {"file": "strategy.py", "line": line_of(folder), "function": "on_bar"}
    assert ran.issue("RUN_TIMEOUT")["location"] == expected


def test_many_slow_handlers_are_no_hang(lab: Lab) -> None:
    """The limit is that of one handler, not of a script."""
    body = "import time\nself.bars += 1\ntime.sleep(0.4 if self.bars <= 4 else 0)\nreturn []"
    core = {"limits": {"handler_seconds": 1}}
    assert lab.run(handler("on_bar", body), core=core).document["status"] == "complete"


def test_what_the_strategy_has_started_ends_with_it(lab: Lab, in_tier: InTier) -> None:
    in_tier(Tier.UNCONFINED)
    body = """\
import os, time
child = os.fork()
if child == 0:
    while True: time.sleep(1)
print('child', child, flush=True)
self.bars += 1
return []"""
    for source in (handler("on_stop", body), handler("on_order_update", body), handler("on_order_update", body + "x")):
        ran = lab.run(source)
        numbers = [int(re.findall(r"\d+", line)[0]) for line in ran.said if line.startswith("child")]
        if source.endswith("[]x\n"):
            assert ran.document["status"] == "error"
        else:
            assert numbers, ran.document["issues"]
        assert all(dies(number) for number in numbers)
