"""Starting the strategy's process: environment built from nothing, only the channel and its pipes inherited, and
confined before it sees a strategy."""

import fcntl
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from periscope.sandbox.compiled import ensure_compiled
from periscope.sandbox.confinement import Attempt, Confinement, NoSandboxError, Tier, not_linux
from periscope.sandbox.control_groups import ControlGroup, join
from periscope.sandbox.filter.program import program
from periscope.sandbox.grants import WRITABLE, Access, grants, hidden_folders, mounted_folders
from periscope.sandbox.handshake import UnconfinedError, confirm
from periscope.sandbox.inside.plan import CONFINE, Plan, encode
from periscope.sandbox.inside.wire import frame
from periscope.sandbox.packages import environment
from periscope.sandbox.staging import canary, is_readable_by_all, make_copy
from periscope.sandbox.users import unused_user

_BOOT = Path(__file__).parent / "boot.py"
_LANGUAGE = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
_SIZE_IS_FIXED = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
"""Whoever makes a shared page smaller ends the other process that looks at it."""
_NO_PROGRAMS = {"PATH": ""}
"""Where nothing can be started nothing need be looked for: without it libraries try the usual folders."""
_unavailable: dict[Tier, tuple[Attempt, ...]] = {}
"""Tiers that could not be had, so that not every start tries them again."""


@dataclass(slots=True)
class Child:
    """A strategy's process and the host's ends of what connects them.

    `counter` is a page shared with the child: items done and bars done of the script in hand. The strategy may run in
    `process` itself or in a process below it; `pid` is the one that it runs in. `attempts` is what was seen of it.
    """

    process: subprocess.Popen[bytes]
    channel: socket.socket
    counter: mmap.mmap
    stdout: int
    stderr: int
    stacks: int
    tier: Tier = Tier.UNCONFINED
    inner: int | None = None
    attempts: tuple[Attempt, ...] = ()
    copy: Path | None = None
    group: ControlGroup | None = None

    @property
    def pid(self) -> int:
        """The number of the process that the strategy runs in."""
        return self.process.pid if self.inner is None else self.inner

    def abandon(self) -> str:
        """End a process that has not seen a strategy, and let go of it; returns what it wrote to stderr."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        try:
            words = os.read(self.stderr, 1 << 16).decode("utf-8", "replace")
        except BlockingIOError:
            words = ""
        self.close()
        return words

    def close(self) -> None:
        """Let go of everything; the process must have ended."""
        self.channel.close()
        self.counter.close()
        for descriptor in (self.stdout, self.stderr, self.stacks):
            os.close(descriptor)
        if self.copy is not None:
            shutil.rmtree(self.copy.parent, ignore_errors=True)
        if self.group is not None:
            self.group.remove()


def start_child(asked: Confinement) -> Child:
    """Start a strategy's process, confined in the first of the tiers asked for that can be had.

    Raises NoSandboxError where there is none: then no strategy may run here.
    """
    if sys.platform != "linux":
        raise NoSandboxError((not_linux(),))
    tried: tuple[Attempt, ...] = ()
    for tier in asked.tiers:
        known = _unavailable.get(tier)
        if known is None:
            try:
                return start_in(tier, asked)
            except UnconfinedError as error:
                known = _unavailable[tier] = of_tier(tier, error.attempts)
        tried += known
    raise NoSandboxError(tried)


def start_in(tier: Tier, asked: Confinement) -> Child:
    """Start a strategy's process in one tier. Raises UnconfinedError where that can't be had."""
    bundle = asked.bundle.resolve()
    ensure_compiled(Path(folder) for folder in mounted_folders())
    if tier is Tier.UNCONFINED:
        trusted, descriptors = _spawn(_environment(asked))
        trusted.channel.sendall(frame(CONFINE, encode(_plan(asked, tier, None, descriptors))))
        return trusted
    child, descriptors = _spawn(_environment(asked) | _NO_PROGRAMS)
    try:  # What follows is done while the process imports what it needs.
        child.tier = tier
        child.group, grouped = join(child.process.pid, asked.memory_bytes)
        user = unused_user()
        if user is not None and not is_readable_by_all(bundle):
            child.copy = make_copy(bundle, user)
        with canary() as name, socket.socket(socket.AF_UNIX) as trap:
            trap.bind(f"\0{name}")
            trap.listen(1)
            plan = _plan(asked, tier, user, descriptors)
            shown, folder = _bundle(tier, bundle, child.copy)
            plan = msgspec.structs.replace(
                plan, shown=[*plan.shown, shown], folder=folder, canary=name, filter=_filter(tier, child.process.pid)
            )
            confirmed = confirm(child.process, child.channel, plan)
    except BaseException as error:
        error.add_note(child.abandon())
        raise
    child.inner, child.attempts = confirmed.number, (*confirmed.attempts, grouped)
    return child


def of_tier(tier: Tier, attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """The attempts with the tier in their names."""
    return tuple(Attempt(f"{tier}: {attempt.name}", attempt.good, attempt.detail) for attempt in attempts)


def _filter(tier: Tier, number: int) -> bytes:
    """The filter for the process of that number; in a namespace of its own it is the first. Raises UnconfinedError."""
    try:
        return program(os.uname().machine, 1 if tier is Tier.SEALED else number)
    except OSError as error:
        raise UnconfinedError(Attempt("seccomp", False, str(error.strerror))) from None


def _bundle(tier: Tier, bundle: Path, copy: Path | None) -> tuple[tuple[str, str, bool], str | None]:
    """How the bundle is shown, and where its files are if that is another place than the bundle's."""
    source = str(copy or bundle)
    if tier is Tier.SEALED:
        return (source, str(bundle), True), None
    return (source, source, True), None if copy is None else source


def _plan(asked: Confinement, tier: Tier, user: int | None, descriptors: list[int]) -> Plan:
    granted = grants(asked.packages)
    return Plan(
        tier=tier.value,
        host=os.getpid(),
        user=user,
        descriptors=descriptors,
        shown=[(grant.path, grant.path, grant.access is Access.READ) for grant in granted],
        hidden=hidden_folders(),
        writable=list(WRITABLE),
        memory_bytes=asked.memory_bytes,
        cpu_seconds=asked.cpu_seconds,
        modules={name: str(path) for package in asked.packages for name, path in package.modules},
        folder=None,
        canary="",
        filter=b"",
    )


def _environment(asked: Confinement) -> dict[str, str]:
    return _LANGUAGE | environment(asked.packages)


def _spawn(variables: dict[str, str]) -> tuple[Child, list[int]]:
    """Start the process, which then waits for its plan; returns it and the numbers of its ends of what connects us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    counter = os.memfd_create("periscope-counter", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(counter, mmap.PAGESIZE)
    fcntl.fcntl(counter, fcntl.F_ADD_SEALS, _SIZE_IS_FIXED)
    pipes = [os.pipe() for _ in range(3)]
    (stdout, child_stdout), (stderr, child_stderr), (stacks, child_stacks) = pipes
    descriptors = [theirs.fileno(), counter, child_stacks]
    process = subprocess.Popen(
        [sys.executable, "-s", "-S", "-P", str(_BOOT), str(theirs.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=child_stdout,
        stderr=child_stderr,
        cwd="/",
        env=variables,
        pass_fds=descriptors,
        start_new_session=True,
    )
    page = mmap.mmap(counter, mmap.PAGESIZE)
    theirs.close()
    for descriptor in (counter, child_stdout, child_stderr, child_stacks):
        os.close(descriptor)
    for descriptor in (stdout, stderr, stacks):
        os.set_blocking(descriptor, False)
    ours.sendall(b"".join(os.fsencode(folder) + b"\0" for folder in mounted_folders()) + b"\0")
    return Child(process, ours, page, stdout, stderr, stacks), descriptors
