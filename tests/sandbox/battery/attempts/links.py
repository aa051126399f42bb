"""Links, names, and files that are none."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH104, PTH118, PTH211

import os
import stat

from .calls import call
from .kit import Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
TRACES = ("EACCES", "ENOENT", "EXDEV")
"""Landlock may be asked first, and a private root may not have the file."""


@attempt("make a link to a file", SECCOMP, *TRACES)
def symbolic_link(targets: Targets) -> str | None:
    os.symlink("/etc/passwd", targets.path("made_link"))
    return "made"


@attempt("make a link in the bundle", SECCOMP, *TRACES, "EROFS")
def symbolic_link_in_the_bundle(targets: Targets) -> str | None:
    os.symlink(targets.path("open.txt"), os.path.join(targets.bundle, "made_link"))
    return "made"


@attempt("give a file a second name", SECCOMP, *TRACES)
def hard_link(targets: Targets) -> str | None:
    os.link(targets.path("open.txt"), targets.path("second_name.txt"))
    return "made"


@attempt("give the own file a second name elsewhere", SECCOMP, *TRACES)
def hard_link_out(targets: Targets) -> str | None:
    os.link(os.path.join(targets.bundle, "strategy.py"), targets.path("second_strategy.py"))
    return "made"


@attempt("give a file a second name in the bundle", SECCOMP, *TRACES, "EROFS")
def hard_link_in(targets: Targets) -> str | None:
    os.link(targets.path("open.txt"), os.path.join(targets.bundle, "second_name.txt"))
    return "made"


@attempt("rename a file", SECCOMP, *TRACES)
def rename(targets: Targets) -> str | None:
    os.rename(targets.path("renamed.txt"), targets.path("new_name.txt"))
    return "renamed"


@attempt("move the own file elsewhere", SECCOMP, *TRACES, "EROFS")
def move_out(targets: Targets) -> str | None:
    os.rename(os.path.join(targets.bundle, "movable.py"), targets.path("moved.py"))
    return "moved"


@attempt("exchange two files", SECCOMP, *TRACES)
def exchange(targets: Targets) -> str | None:
    call("renameat2", -100, targets.path("left.txt").encode(), -100, targets.path("right.txt").encode(), 2)
    return "exchanged"


@attempt("make a named pipe", SECCOMP, *TRACES)
def named_pipe(targets: Targets) -> str | None:
    os.mkfifo(targets.path("made_pipe"))
    return "made"


@attempt("write into a named pipe that somebody reads", Layer.LANDLOCK)
def write_into_a_named_pipe(targets: Targets) -> str | None:
    descriptor = os.open(targets.path("pipe"), os.O_WRONLY | os.O_NONBLOCK)
    return f"wrote {os.write(descriptor, b'x')} byte"


@attempt("make a socket as a file", SECCOMP, *TRACES)
def socket_file(targets: Targets) -> str | None:
    os.mknod(targets.path("made_socket"), stat.S_IFSOCK | 0o600)
    return "made"


@attempt("make a device", SECCOMP, *TRACES)
def device(targets: Targets) -> str | None:
    os.mknod(targets.path("made_device"), stat.S_IFCHR | 0o600, os.makedev(1, 3))
    return "made"
