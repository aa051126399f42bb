"""Attacks that once worked, each kept as a regression."""

import time

import pytest

from periscope.sandbox.confinement import Tier
from tests.runs.lab import Lab
from tests.sandbox.conftest import InTier
from tests.sandbox.short_life import TIERS
from tests.sandbox.sources import handler

_LIMIT = 0.5
_ALLOWED = _LIMIT + 3.0
"""The limit, and what starting and ending a process on a busy machine takes."""
_SLOW = {"limits": {"handler_seconds": _LIMIT}}

_FLOOD_OF_STACKS = """\
import os, signal, stat, threading, time

def is_pipe(number):
    try:
        return stat.S_ISFIFO(os.fstat(number).st_mode)
    except OSError:
        return False

def flood():
    stacks = [number for number in range(3, 64) if is_pipe(number)][-1]
    waited = 0.0
    while waited < 0.2:  # the pipe is full: the engine reads it when the time is up
        began = time.monotonic()
        os.write(stacks, b'  File "' * 8000)
        waited = time.monotonic() - began
    until = time.monotonic() + 0.05
    while time.monotonic() < until:
        os.write(stacks, b'  File "' * 8000)
    os.write(stacks, b'\\n')

signal.signal(signal.SIGUSR1, signal.SIG_IGN)
threading.Thread(target=flood, daemon=True).start()
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize("tier", TIERS)
def test_a_long_line_in_the_pipe_for_stacks(lab: Lab, in_tier: InTier, tier: Tier) -> None:
    """Looking for the user's line once took a time that grew with the square of what the strategy had written."""
    in_tier(tier)
    folder = lab.bundle(handler("on_bar", _FLOOD_OF_STACKS))
    began = time.monotonic()
    ran = lab.run(folder, core=_SLOW)
    assert time.monotonic() - began < _ALLOWED
    assert ran.codes[0] == "HANDLER_TIMEOUT"
