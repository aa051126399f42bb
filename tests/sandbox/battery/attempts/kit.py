"""What attempts are made of: the layer that must stop them, what they aim at, and how they are run and told."""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

MARK = "a-decoy-of-the-escape-battery"
"""Stands in everything that an attempt may try to read, so that it can be told from anything else."""
_PATIENCE_SECONDS = 8


class Layer(StrEnum):
    """What must stop an attempt."""

    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    LIMIT = "limit"
    """A limit of the process (setrlimit)."""
    IDENTITY = "identity"
    """No user that owns anything, no capability, no new privileges."""
    LAUNCH = "launch"
    """How the process was started: what it was not given cannot be found in it."""


@dataclass(frozen=True)
class Targets:
    """Decoys that the host has laid out, and what it would notice. Folders and files are open to everybody.

    `environ` is the address and the length of the decoy process's environment; `canary` is the beginning of a secret in
    the host's environment and memory, in two halves, and `digest` the SHA-256 of the rest.
    """

    folder: str
    bundle: str
    other_bundle: str
    home: str
    project: str
    site: str
    base_site: str
    machine: str
    host: int
    disk: str
    decoy: int
    victim: int
    environ: tuple[int, int]
    tcp4: int
    tcp6: int
    udp: int
    abstract: str
    memory_key: int
    queue: str
    canary: tuple[str, str]
    digest: str

    def path(self, name: str) -> str:
        """A file in the folder of decoys."""
        return os.path.join(self.folder, name)  # noqa: PTH118  # pathlib is more than an attempt needs


type Try = Callable[[Targets], str | None]


@dataclass(frozen=True)
class Attempt:
    """One attempt. `act` returns a short evidence if it succeeded; None, or an exception, if it did not.

    `traces` are the ways in which it may fail under confinement beside those of its layer: names of errors, or
    "nothing". An attempt `alone` may end its process, and has one for itself. What is `only_sealed` does no harm, and
    needs a private root to be held: neither Landlock nor seccomp decides about it.
    """

    name: str
    says: str
    layer: Layer
    act: Try
    traces: frozenset[str]
    alone: bool
    only_sealed: bool


ATTEMPTS: dict[str, Attempt] = {}


def attempt(
    says: str, layer: Layer, *traces: str, alone: bool = False, only_sealed: bool = False
) -> Callable[[Try], Try]:
    """Enter a function in the list of attempts, under the name of its module and its own."""

    def enter(act: Try) -> Try:
        name = f"{act.__module__.rpartition('.')[2]}.{act.__name__}"
        assert name not in ATTEMPTS, f"two attempts are called {name}"
        ATTEMPTS[name] = Attempt(name, says, layer, act, frozenset(traces), alone, only_sealed)
        return act

    return enter


def held(error: int, why: str = "") -> NoReturn:
    """Say that the attempt was stopped with an error of the kernel's, where a library hides it."""
    raise OSError(error, why or os.strerror(error))


def outcome_of(tried: Attempt, targets: Targets) -> dict[str, str]:
    """Make the attempt and say how it went: `escaped`, `held`, or `broken` where the attempt itself is wrong."""
    try:
        evidence = tried.act(targets)
    except (OSError, MemoryError, ImportError) as error:
        number = getattr(error, "errno", None)
        trace = errno.errorcode.get(number or 0, type(error).__name__)
        return {"name": tried.name, "outcome": "held", "trace": trace, "text": str(error)[:300]}
    except BaseException as error:
        return {"name": tried.name, "outcome": "broken", "trace": type(error).__name__, "text": str(error)[:300]}
    if evidence:
        return {"name": tried.name, "outcome": "escaped", "trace": "", "text": str(evidence)[:300]}
    return {"name": tried.name, "outcome": "held", "trace": "nothing", "text": ""}


def line_of(outcome: dict[str, str]) -> str:
    """An outcome as a line of output."""
    return "outcome " + json.dumps(outcome)


def tell(tried: Attempt, targets: Targets) -> None:
    """Make the attempt in this process, and print how it went."""
    sys.stdout.write(line_of(outcome_of(tried, targets)) + "\n")
    sys.stdout.flush()


def can_fork() -> bool:
    """Whether this process may have a copy, which it may not under confinement."""
    try:
        child = os.fork()
    except OSError:
        return False
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def tell_from_a_copy(tried: Attempt, targets: Targets) -> None:
    """The same from a copy of this process, so that what succeeds changes nothing for the next attempt."""
    child = os.fork()
    if not child:
        signal.alarm(_PATIENCE_SECONDS)
        tell(tried, targets)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        ended = {"name": tried.name, "outcome": "broken", "trace": "ended", "text": f"wait status {status}"}
        sys.stdout.write(line_of(ended) + "\n")
        sys.stdout.flush()
