"""Starting the strategy's process: environment built from nothing, only the channel and its pipes inherited."""

import mmap
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

import libs
from periscope.sandbox.confinement import Confinement, Tier

_HERE = Path(__file__).parent


@dataclass(slots=True)
class Child:
    """A strategy's process and the host's ends of what connects them.

    `counter` is a page shared with the child: items done and bars done of the script in hand. The strategy may run in
    `process` itself or in a process below it; `pid` is the one that it runs in.
    """

    process: subprocess.Popen[bytes]
    channel: socket.socket
    counter: mmap.mmap
    stdout: int
    stderr: int
    stacks: int
    tier: Tier = Tier.UNCONFINED
    inner: int | None = None

    @property
    def pid(self) -> int:
        """The number of the process that the strategy runs in."""
        return self.process.pid if self.inner is None else self.inner

    def close(self) -> None:
        """Let go of everything; the process must have ended."""
        self.channel.close()
        self.counter.close()
        for descriptor in (self.stdout, self.stderr, self.stacks):
            os.close(descriptor)


def start_child(asked: Confinement) -> Child:  # noqa: ARG001  # the interface first; what is asked for comes next
    """Start a strategy's process, not confined in this release."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    counter = os.memfd_create("periscope-counter")
    os.ftruncate(counter, mmap.PAGESIZE)
    stdout, child_stdout = os.pipe()
    stderr, child_stderr = os.pipe()
    stacks, child_stacks = os.pipe()
    folders = (Path(libs.__file__).parent, Path(msgspec.__file__).parent, _HERE / "inside")
    command = [
        sys.executable,
        "-s",
        "-S",
        "-P",
        str(_HERE / "boot.py"),
        *(str(folder) for folder in folders),
        str(theirs.fileno()),
        str(counter),
        str(child_stacks),
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=child_stdout,
        stderr=child_stderr,
        cwd="/",
        env={"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
        pass_fds=(theirs.fileno(), counter, child_stacks),
        start_new_session=True,
    )
    page = mmap.mmap(counter, mmap.PAGESIZE)
    theirs.close()
    for descriptor in (counter, child_stdout, child_stderr, child_stacks):
        os.close(descriptor)
    for descriptor in (stdout, stderr, stacks):
        os.set_blocking(descriptor, False)
    return Child(process, ours, page, stdout, stderr, stacks)
