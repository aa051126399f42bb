"""Attacks that once worked, each kept as a regression."""

import os
import py_compile
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

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


def _beside_as_folder(folder: Path, source: str) -> None:
    (folder / "strategy").mkdir()
    (folder / "strategy" / "__init__.py").write_text(source)


def _beside_compiled(folder: Path, source: str) -> None:
    (folder / "__pycache__").mkdir()
    other = folder / "other.txt"
    other.write_text(source)
    compiled = folder / "__pycache__" / f"strategy.{sys.implementation.cache_tag}.pyc"
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(other), str(compiled), invalidation_mode=unchecked)
    other.unlink()


@pytest.mark.parametrize("readable", [True, False], ids=["as it lies", "copied for root"])
@pytest.mark.parametrize("beside", [_beside_as_folder, _beside_compiled])
@pytest.mark.parametrize("tier", TIERS)
def test_what_runs_is_the_text_that_the_version_stands_for(
    lab: Lab, in_tier: InTier, tier: Tier, beside: Callable[[Path, str], None], readable: bool
) -> None:
    """A folder of the strategy's name, or a compiled file that says that it need not be compared, once came first."""
    in_tier(tier)
    folder = lab.bundle(handler("on_start", "print('the text')\nreturn []").replace(", event", ", time"))
    beside(folder, (folder / "strategy.py").read_text().replace("the text", "another"))
    if not readable:
        folder.chmod(0o700)
    assert lab.run(folder).said == ["the text"]


@pytest.mark.parametrize(
    "body",
    ["__import__('os')._exit(70)", "__import__('sys').modules['periscope_inside.main'].Process._say = None\nreturn []"],
    ids=["by its exit status", "by breaking it"],
)
@pytest.mark.parametrize("tier", TIERS)
def test_a_strategy_that_blames_periscope(lab: Lab, in_tier: InTier, tier: Tier, body: str) -> None:
    in_tier(tier)
    ran = lab.run(handler("on_bar", body))
    assert (ran.codes[0], ran.exit_code) == ("STRATEGY_EXITED", 4)
    assert "exit status 70" in ran.issue("STRATEGY_EXITED")["message"]


_LONG = "return [order('BUY', 1, symbol=str(self.bars) + 'X' * 900_000)]"
_UNCHECKED = "__import__('sys').modules['periscope_inside.main']._bounded = lambda body, most=0: body\n"


@pytest.mark.parametrize("before, code", [("", "INVALID_ACTIONS"), (_UNCHECKED, "PROTOCOL_VIOLATION")])
def test_a_symbol_of_a_megabyte(lab: Lab, before: str, code: str) -> None:
    """The engine once kept some megabytes for each of them."""
    ran = lab.run(handler("on_bar", f"self.bars += 1\n{before}{_LONG}"))
    assert (ran.codes[0], ran.exit_code) == (code, 4)
    assert "2,048 are allowed" in ran.issue(code)["message"] or "2048 are allowed" in ran.issue(code)["message"]


@pytest.mark.parametrize("readable", [True, False], ids=["as it lies", "copied for root"])
def test_an_archive_in_a_bundle_can_still_be_imported_from(lab: Lab, readable: bool) -> None:
    lines = ("import sys", "sys.path.append(__file__.rpartition('/')[0] + '/more.zip')", "import zipped")
    body = "\n".join((*lines, "print(zipped.X)", "return []"))
    folder = lab.bundle(handler("on_start", body).replace(", event", ", time"))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("zipped.py", "X = 7")
    if not readable:
        folder.chmod(0o700)
    assert lab.run(folder).said == ["7"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root's bundles are copied")
@pytest.mark.parametrize("much", ["a large file", "many folders within folders"])
def test_a_bundle_that_would_fill_the_disk_is_not_copied(lab: Lab, much: str) -> None:
    folder = lab.bundle(handler("on_bar", "return []"))
    if much == "a large file":
        with (folder / "large.bin").open("wb") as file:
            file.truncate(1 << 40)
    else:
        (folder / Path(*["d"] * 100)).mkdir(parents=True)
    folder.chmod(0o700)
    ran = lab.run(folder)
    assert ran.codes == ["SANDBOX_UNAVAILABLE"]
    assert "too much to be copied" in ran.document["issues"][0]["message"]
