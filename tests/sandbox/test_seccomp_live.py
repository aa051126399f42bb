"""The filter of system calls in a process of its own, on this machine's kernel, with nothing else around it."""

import errno
import json
import os
import platform
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from periscope.sandbox.filter.program import program
from periscope.sandbox.filter.syscalls import MACHINES
from periscope.sandbox.inside.confine import seccomp
from tests.sandbox.under_filter import REFUSED, WORKS
from tests.tidy.source import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in MACHINES, reason="there is no filter for this kind of machine"
)
on_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86-64 has a second table of calls")


def under_filter(mode: str, wanted: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.sandbox.under_filter", mode, wanted]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def tried(mode: str, wanted: str) -> Any:
    ended = under_filter(mode, wanted)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def filtered() -> dict[str, object]:
    found: dict[str, object] = tried("filtered", "all")
    return found


@pytest.fixture(scope="module")
def free() -> dict[str, object]:
    found: dict[str, object] = tried("free", "all")
    return found


@pytest.mark.parametrize("name", WORKS)
def test_what_programs_need_works(filtered: dict[str, object], free: dict[str, object], name: str) -> None:
    assert filtered[name] == free[name]
    assert not str(filtered[name]).endswith("Error")


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "exec"])
def test_an_author_sees_a_permission_error(filtered: dict[str, object], free: dict[str, object], name: str) -> None:
    assert filtered[name] == "PermissionError"
    assert free[name] != "PermissionError", "without the filter it can be done, so it is the filter that refuses it"


def test_no_program_is_started() -> None:
    assert tried("filtered", "exec") == "PermissionError"
    assert tried("free", "exec") == {}


@on_x86_64
def test_a_call_by_the_table_of_32_bit_programs_ends_the_process() -> None:
    control = under_filter("free", "interrupt")
    if control.returncode == -signal.SIGSEGV:
        pytest.skip("this kernel runs no 32-bit programs")
    assert control.stdout.strip() == "true"
    assert under_filter("filtered", "interrupt").returncode == -signal.SIGSYS


@on_x86_64
def test_a_call_by_the_x32_table_ends_the_process() -> None:
    assert under_filter("filtered", "x32").returncode == -signal.SIGSYS
    assert under_filter("free", "x32").returncode != -signal.SIGSYS


def test_a_filter_that_the_kernel_does_not_take_is_an_error() -> None:
    """The program has no end; with no verdict the kernel refuses it, whatever rights the process has."""
    with pytest.raises(OSError, match="Invalid argument") as caught:
        seccomp.install(program(platform.machine(), os.getpid())[:8])
    assert caught.value.errno == errno.EINVAL


def test_it_is_quick_to_make() -> None:
    program("x86_64", 1)
    spans = []
    for _ in range(20):
        begun = time.perf_counter()
        program("x86_64", 1)
        spans.append(time.perf_counter() - begun)
    assert min(spans) < 0.002
