"""Devices. Those that the process may have are null, zero, random and urandom, and only null for writing."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH108, PTH208

import fcntl
import os
import pty

from .kit import Layer, Targets, attempt
from .proc import opens

LANDLOCK = Layer.LANDLOCK
READ, WRITE, BOTH = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
_COUNT_ENTROPY = 0x80045200


@attempt("open the machine's memory", LANDLOCK, "ENOENT")
def memory(targets: Targets) -> str | None:
    return opens("/dev/mem", READ)


@attempt("open the machine's ports", LANDLOCK, "ENOENT")
def ports(targets: Targets) -> str | None:
    return opens("/dev/port", READ)


@attempt("read the kernel's messages", LANDLOCK)
def kernel_messages(targets: Targets) -> str | None:
    return opens("/dev/kmsg", READ)


@attempt("write a kernel message", LANDLOCK)
def write_kernel_message(targets: Targets) -> str | None:
    return opens("/dev/kmsg", WRITE)


@attempt("open a disk", LANDLOCK)
def disk(targets: Targets) -> str | None:
    return opens(targets.disk, READ)


@attempt("make shared memory as a file", LANDLOCK)
def shared_memory(targets: Targets) -> str | None:
    path = f"/dev/shm/battery-{targets.decoy}"
    os.close(os.open(path, os.O_CREAT | BOTH, 0o600))
    os.unlink(path)
    return f"made {path}"


@attempt("open the terminal", LANDLOCK)
def terminal(targets: Targets) -> str | None:
    return opens("/dev/tty", BOTH)


@attempt("open the console", LANDLOCK)
def console(targets: Targets) -> str | None:
    return opens("/dev/console", WRITE)


@attempt("open a terminal of the machine", LANDLOCK)
def first_terminal(targets: Targets) -> str | None:
    return opens("/dev/tty1", WRITE)


@attempt("make a terminal", LANDLOCK)
def new_terminal(targets: Targets) -> str | None:
    return opens("/dev/ptmx", BOTH)


@attempt("make a pair of terminals", LANDLOCK, "OSError")
def pair_of_terminals(targets: Targets) -> str | None:
    return f"descriptors {pty.openpty()}"


@attempt("open the device for file systems of its own", LANDLOCK)
def fuse(targets: Targets) -> str | None:
    return opens("/dev/fuse", BOTH)


@attempt("open the device for virtual machines", LANDLOCK)
def virtual_machines(targets: Targets) -> str | None:
    return opens("/dev/kvm", BOTH)


@attempt("open the device for network interfaces of its own", LANDLOCK)
def tunnel(targets: Targets) -> str | None:
    return opens("/dev/net/tun", BOTH)


@attempt("open the device for page faults", LANDLOCK)
def page_faults(targets: Targets) -> str | None:
    return opens("/dev/userfaultfd", BOTH)


@attempt("open the device of loop disks", LANDLOCK)
def loop_disks(targets: Targets) -> str | None:
    return opens("/dev/loop-control", BOTH)


@attempt("write to the device that is always full", LANDLOCK)
def full(targets: Targets) -> str | None:
    return opens("/dev/full", WRITE)


@attempt("open the source of zeros for writing", LANDLOCK)
def zero(targets: Targets) -> str | None:
    return opens("/dev/zero", WRITE)


@attempt("open the source of random numbers for writing", LANDLOCK)
def random(targets: Targets) -> str | None:
    return opens("/dev/random", WRITE)


@attempt("ask a device for more than its bytes", Layer.SECCOMP)
def control_a_device(targets: Targets) -> str | None:
    descriptor = os.open("/dev/urandom", READ)
    return f"answered {fcntl.ioctl(descriptor, _COUNT_ENTROPY, bytes(4)).hex()}"


@attempt("list the devices", LANDLOCK)
def list_devices(targets: Targets) -> str | None:
    return f"{len(os.listdir('/dev'))} names"
