"""Doors of the kernel that a computation never needs: programs, counters, keys, modules, names, clocks."""

import ctypes
import os

from .calls import call, libc, reach
from .kit import Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_ENOENT, _EBADF, _ENOMEM, _EFAULT, _EINVAL = 2, 9, 12, 14, 22
_MISSING = b"/no-such-file-of-the-battery"


@attempt("make a ring for input and output", SECCOMP)
def io_uring(targets: Targets) -> str | None:
    wanted = ctypes.create_string_buffer(120)
    os.close(call("io_uring_setup", 4, wanted))
    return "made"


@attempt("make a queue for input and output", SECCOMP)
def io_queue(targets: Targets) -> str | None:
    queue = ctypes.c_ulong()
    call("io_setup", 4, ctypes.byref(queue))
    return "made"


@attempt("load a table for kernel programs", SECCOMP)
def bpf(targets: Targets) -> str | None:
    wanted = (ctypes.c_uint32 * 18)(2, 4, 4, 1)
    os.close(call("bpf", 0, ctypes.byref(wanted), 72))
    return "made"


@attempt("count the processor's events", SECCOMP)
def performance(targets: Targets) -> str | None:
    wanted = (ctypes.c_uint32 * 32)(1, 128)
    wanted[10] = 0b1100001
    os.close(call("perf_event_open", ctypes.byref(wanted), 0, -1, -1, 0))
    return "counts"


@attempt("find a keyring", SECCOMP)
def find_keys(targets: Targets) -> str | None:
    return f"keyring {call('keyctl', 0, -4, 0, 0, 0)}"


@attempt("add a key", SECCOMP)
def add_key(targets: Targets) -> str | None:
    return f"key {call('add_key', b'user', b'battery', b'x', 1, -2)}"


@attempt("ask for a key", SECCOMP)
def request_key(targets: Targets) -> str | None:
    return reach("request_key", b"user", b"no-such-key-of-the-battery", 0, 0, beyond=(_ENOENT, 126))


@attempt("handle page faults", SECCOMP)
def page_faults(targets: Targets) -> str | None:
    os.close(call("userfaultfd", 1))
    return "made"


@attempt("load another kernel", SECCOMP)
def load_kernel(targets: Targets) -> str | None:
    return reach("kexec_load", 0, 0, 0, 0xFFFF, beyond=(_EINVAL,))


@attempt("load another kernel from a file", SECCOMP)
def load_kernel_file(targets: Targets) -> str | None:
    return reach("kexec_file_load", -1, -1, 0, 0, 0xFFFF, beyond=(_EINVAL, _EBADF))


@attempt("load a module into the kernel", SECCOMP)
def load_module(targets: Targets) -> str | None:
    return reach("init_module", 0, 0, 0, beyond=(8, _EFAULT, _EINVAL))


@attempt("load a module from a file", SECCOMP)
def load_module_file(targets: Targets) -> str | None:
    return reach("finit_module", -1, b"", 0, beyond=(_EBADF, _EINVAL))


@attempt("take a module from the kernel", SECCOMP)
def remove_module(targets: Targets) -> str | None:
    return reach("delete_module", b"no_such_module_of_the_battery", 0, beyond=(_ENOENT, _EFAULT))


@attempt("restart the machine (with a wrong password, as it were)", SECCOMP)
def reboot(targets: Targets) -> str | None:
    return reach("reboot", 0, 0, 0, 0, beyond=(_EINVAL,))


@attempt("have memory swapped to a file", SECCOMP)
def swap_on(targets: Targets) -> str | None:
    return reach("swapon", _MISSING, 0, beyond=(_ENOENT,))


@attempt("stop memory being swapped to a file", SECCOMP)
def swap_off(targets: Targets) -> str | None:
    return reach("swapoff", _MISSING, beyond=(_ENOENT,))


@attempt("rename the machine, to its name", SECCOMP)
def host_name(targets: Targets) -> str | None:
    name = os.uname().nodename.encode()
    call("sethostname", name, len(name))
    return "renamed"


@attempt("rename the machine's domain, to what is too long", SECCOMP)
def domain_name(targets: Targets) -> str | None:
    return reach("setdomainname", bytes(100), 100, beyond=(_EINVAL,))


@attempt("set the time, to nothing", SECCOMP)
def set_time(targets: Targets) -> str | None:
    call("settimeofday", 0, 0)
    return "set"


@attempt("set a clock that does not exist", SECCOMP)
def set_clock(targets: Targets) -> str | None:
    moment = (ctypes.c_long * 2)()
    return reach("clock_settime", 99, ctypes.byref(moment), beyond=(_EINVAL,))


@attempt("read how the clock is adjusted", SECCOMP)
def adjust_clock(targets: Targets) -> str | None:
    return f"state {call('clock_adjtime', 0, ctypes.create_string_buffer(256))}"


@attempt("have all processes accounted for in a file", SECCOMP)
def account(targets: Targets) -> str | None:
    return reach("acct", _MISSING, beyond=(_ENOENT,))


@attempt("change how much of a disk a user may have", SECCOMP)
def quota(targets: Targets) -> str | None:
    return reach("quotactl", 0, 0, 0, 0, beyond=(_ENOENT, _EFAULT, _EINVAL, 3, 15, 19))


@attempt("read the kernel's messages", SECCOMP)
def messages(targets: Targets) -> str | None:
    return f"{call('syslog', 10, 0, 0)} bytes of them"


@attempt("speak to ports", SECCOMP)
def ports(targets: Targets) -> str | None:
    call("ioperm", 0x80, 1, 1)
    return "may"


@attempt("speak to all ports, at the level it has", SECCOMP)
def all_ports(targets: Targets) -> str | None:
    call("iopl", 3)
    return "may"


@attempt("change its table of segments", SECCOMP)
def segments(targets: Targets) -> str | None:
    return f"{call('modify_ldt', 0, ctypes.create_string_buffer(64), 64)} bytes of it read"


@attempt("become a process without random addresses", SECCOMP)
def personality(targets: Targets) -> str | None:
    return f"was {call('personality', 0x0040000)}"


@attempt("watch what happens in a folder", SECCOMP)
def watch_folder(targets: Targets) -> str | None:
    descriptor = call("inotify_init1", 0)
    if libc.inotify_add_watch(descriptor, targets.folder.encode(), 0x100) == -1:
        raise OSError(ctypes.get_errno(), "inotify_add_watch")
    return "watches"


@attempt("watch what happens to files", SECCOMP)
def watch_files(targets: Targets) -> str | None:
    os.close(call("fanotify_init", 0x200, 0))
    return "watches"


FILTER_ALL = (ctypes.c_uint64 * 1)(0x7FFF0000_00000006)
"""One instruction: return SECCOMP_RET_ALLOW."""


def socket_works() -> str:
    """The evidence that nothing is forbidden: a socket can be made."""
    os.close(call("socket", 2, 1, 0))
    return "a socket can be made"


@attempt("replace the filter of system calls", SECCOMP)
def replace_filter(targets: Targets) -> str | None:
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(FILTER_ALL))
    libc.prctl(38, 1, 0, 0, 0)
    call("seccomp", 1, 0, ctypes.byref(program))
    return socket_works()


@attempt("replace the filter of system calls the old way", SECCOMP)
def replace_filter_the_old_way(targets: Targets) -> str | None:
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(FILTER_ALL))
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, ctypes.byref(program), 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "prctl")
    return socket_works()


@attempt("replace the rules for files with wider ones", SECCOMP)
def replace_rules(targets: Targets) -> str | None:
    handled = (ctypes.c_uint64 * 1)(1 << 2)
    rules = call("landlock_create_ruleset", ctypes.byref(handled), 8, 0)
    folder = os.open("/", os.O_PATH)
    allowed = (ctypes.c_uint8 * 12).from_buffer_copy((1 << 2).to_bytes(8, "little") + folder.to_bytes(4, "little"))
    call("landlock_add_rule", rules, 1, ctypes.byref(allowed), 0)
    libc.prctl(38, 1, 0, 0, 0)
    call("landlock_restrict_self", rules, 0)
    descriptor = os.open(targets.path("changed.txt"), os.O_WRONLY)
    os.close(descriptor)
    return "a file can be opened for writing"
