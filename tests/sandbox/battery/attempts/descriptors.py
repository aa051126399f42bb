"""The descriptors that the process has: what they are, and what can be done with them besides talking to the host."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH118, PTH208

import array
import ctypes
import fcntl
import os
import socket
import stat
import termios

from .calls import call, reach
from .kit import Layer, Targets, attempt

SECCOMP, LAUNCH = Layer.SECCOMP, Layer.LAUNCH
_MOST = 1024
_SET_SIGNAL, _SET_OWNER_EXACTLY, _SET_HINT, _ADD_SEALS = 10, 15, 1036, 1033
_INTERFACES, _SET_PROCESS, _PEER_DESCRIPTOR, _PEER_GROUPS, _PEER_LABEL = 0x8912, 0x8901, 77, 59, 31
_ATTACH_FILTER = 26


def found() -> dict[int, int]:
    """The kinds of what is open, the standard three aside, by number."""
    kinds = {}
    for number in range(3, _MOST):
        try:
            kinds[number] = stat.S_IFMT(os.fstat(number).st_mode)
        except OSError:
            continue
    return kinds


def only_a_name(number: int) -> bool:
    """Whether a descriptor is but a way to a folder (O_PATH), which gives no right to anything in it."""
    return bool(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_PATH)


def channel() -> socket.socket:
    """The socket to the host."""
    for number, kind in found().items():
        if kind == stat.S_IFSOCK:
            return socket.socket(fileno=os.dup(number))
    raise FileNotFoundError("no socket")


@attempt("find more than one socket, one pipe, and ways to folders", LAUNCH)
def more_than_given(targets: Targets) -> str | None:
    kinds = found()
    allowed = [stat.S_IFSOCK, stat.S_IFIFO]
    for number, kind in kinds.items():
        if kind == stat.S_IFDIR and only_a_name(number):
            continue
        if kind not in allowed:
            return f"descriptors {kinds}"
        allowed.remove(kind)
    return None


@attempt("read a decoy through a descriptor that was left open", LAUNCH)
def read_left_open(targets: Targets) -> str | None:
    from .files import marked

    for number, kind in found().items():
        if kind == stat.S_IFREG:
            evidence = marked(os.pread(number, 100, 0))
            if evidence:
                return evidence
    return None


@attempt("list a folder that was left open", LAUNCH)
def folder_left_open(targets: Targets) -> str | None:
    for number, kind in found().items():
        if kind == stat.S_IFDIR and not only_a_name(number):
            return f"{len(os.listdir(number))} names"
    return None


@attempt("reach a decoy from a folder that was left open", LAUNCH, "EACCES")
def climb_from_a_folder(targets: Targets) -> str | None:
    from .files import marked

    for number, kind in found().items():
        if kind == stat.S_IFDIR:
            up = "../" * 20 + targets.path("open.txt")
            return marked(os.read(os.open(up, os.O_RDONLY, dir_fd=number), 100))
    return None


@attempt("reach a decoy from a folder that was left open, by its name in /proc", LAUNCH, "EACCES", "ENOENT")
def climb_by_name(targets: Targets) -> str | None:
    from .files import marked

    for number, kind in found().items():
        if kind == stat.S_IFDIR:
            descriptor = os.open(f"/proc/self/fd/{number}/" + "../" * 20 + targets.path("open.txt"), os.O_RDONLY)
            return marked(os.read(descriptor, 100))
    return None


@attempt("read what its own output says", LAUNCH)
def read_output(targets: Targets) -> str | None:
    for number in (1, 2):
        os.set_blocking(number, False)
        try:
            if os.read(number, 1):
                return f"read from {number}"
        except OSError:
            continue
        finally:
            os.set_blocking(number, True)
    return None


@attempt("send a descriptor to another socket", SECCOMP)
def send_descriptor(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    with left, right:
        left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))])
    return "sent"


@attempt("send a message and no descriptor", SECCOMP)
def send_message(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    with left, right:
        left.sendmsg([b"x"])
    return "sent"


@attempt("send a descriptor to the host", SECCOMP)
def send_descriptor_to_host(targets: Targets) -> str | None:
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))
    with channel() as host:
        host.sendmsg([b""], [rights])
    return "sent"


@attempt("send several messages at once", SECCOMP)
def send_messages(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    with left, right:
        call("sendmmsg", left.fileno(), ctypes.byref((ctypes.c_uint64 * 8)()), 1, 0)
    return "sent"


@attempt("receive a descriptor", SECCOMP)
def receive_descriptor(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    with left, right:
        left.send(b"x")
        return f"received {right.recvmsg(1, 64)[0]!r}"


@attempt("have the host's number from the channel", SECCOMP)
def peer(targets: Targets) -> str | None:
    with channel() as host:
        number = int.from_bytes(host.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], "little")
    return f"process {number}" if number else None


@attempt("have a descriptor for the host's process from the channel", SECCOMP)
def peer_descriptor(targets: Targets) -> str | None:
    with channel() as host:
        return f"descriptor {host.getsockopt(socket.SOL_SOCKET, _PEER_DESCRIPTOR)}"


@attempt("have the host's groups from the channel", SECCOMP)
def peer_groups(targets: Targets) -> str | None:
    with channel() as host:
        return f"groups {host.getsockopt(socket.SOL_SOCKET, _PEER_GROUPS, 256).hex()!r}"


@attempt("put a program of packets on the channel", SECCOMP)
def filter_channel(targets: Targets) -> str | None:
    take_all = (ctypes.c_uint64 * 1)(0xFFFFFFFF00000006)
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(take_all))
    left, right = socket.socketpair()
    with left, right:
        left.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, bytes(program))
    return "put"


@attempt("make the channel's buffers larger", SECCOMP)
def grow_channel(targets: Targets) -> str | None:
    with channel() as host:
        host.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return "made"


@attempt("have another process signalled by the channel", SECCOMP)
def own_channel(targets: Targets) -> str | None:
    with channel() as host:
        fcntl.fcntl(host, fcntl.F_SETOWN, targets.decoy)
    return "set"


@attempt("have another process signalled by a pipe", SECCOMP)
def own_pipe(targets: Targets) -> str | None:
    fcntl.fcntl(1, fcntl.F_SETOWN, targets.decoy)
    return "set"


@attempt("have another process signalled by a pipe, exactly", SECCOMP)
def own_pipe_exactly(targets: Targets) -> str | None:
    fcntl.fcntl(1, _SET_OWNER_EXACTLY, (1).to_bytes(4, "little") + targets.decoy.to_bytes(4, "little"))
    return "set"


@attempt("choose the signal that a pipe sends", SECCOMP)
def signal_of_a_pipe(targets: Targets) -> str | None:
    fcntl.fcntl(1, _SET_SIGNAL, 10)
    return "set"


@attempt("have a pipe send signals", SECCOMP)
def signals_from_a_pipe(targets: Targets) -> str | None:
    left, right = os.pipe()
    fcntl.fcntl(left, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    fcntl.fcntl(right, fcntl.F_SETOWN, os.getpid())
    return "set"


@attempt("make a pipe larger", SECCOMP)
def grow_pipe(targets: Targets) -> str | None:
    return f"{fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 17)} bytes"


@attempt("be told when somebody opens its file", SECCOMP)
def lease(targets: Targets) -> str | None:
    descriptor = os.open(os.path.join(targets.bundle, "strategy.py"), os.O_RDONLY)
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    return "leased"


@attempt("be told when somebody changes its folder", SECCOMP)
def notify(targets: Targets) -> str | None:
    fcntl.fcntl(os.open(targets.bundle, os.O_RDONLY), fcntl.F_NOTIFY, 0x2)
    return "watches"


@attempt("hint how a file will be written", SECCOMP)
def hint(targets: Targets) -> str | None:
    descriptor = os.open(os.path.join(targets.bundle, "strategy.py"), os.O_RDONLY)
    fcntl.fcntl(descriptor, _SET_HINT, (2).to_bytes(8, "little"))
    return "set"


@attempt("seal a file in memory", SECCOMP)
def seal(targets: Targets) -> str | None:
    descriptor = os.memfd_create("battery", os.MFD_ALLOW_SEALING)
    fcntl.fcntl(descriptor, _ADD_SEALS, 1)
    return "sealed"


@attempt("type on a terminal", SECCOMP)
def type_on_terminal(targets: Targets) -> str | None:
    """The kernel answers ENOTTY where it has looked at what the descriptor is."""
    try:
        fcntl.ioctl(0, termios.TIOCSTI, b"x")
    except OSError as error:
        if error.errno != 25:
            raise
        return "looked into"
    return "typed"


@attempt("type on a terminal, with bits above the number that the kernel cuts off", SECCOMP)
def type_with_high_bits(targets: Targets) -> str | None:
    return reach("ioctl", 0, termios.TIOCSTI | (1 << 32), b"x", beyond=(25,))


@attempt("take a terminal for its own", SECCOMP)
def take_terminal(targets: Targets) -> str | None:
    try:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    except OSError as error:
        if error.errno != 25:
            raise
    return "looked into"


@attempt("list the network's interfaces through the channel", SECCOMP)
def interfaces(targets: Targets) -> str | None:
    names = ctypes.create_string_buffer(4096)
    wanted = (4096).to_bytes(8, "little") + ctypes.addressof(names).to_bytes(8, "little")
    with channel() as host:
        answer = fcntl.ioctl(host, _INTERFACES, wanted)
    return f"{int.from_bytes(answer[:4], 'little')} bytes of names"


@attempt("have a process signalled by a socket", SECCOMP)
def own_socket(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    with left, right:
        fcntl.ioctl(left, _SET_PROCESS, (os.getpid()).to_bytes(4, "little"))
    return "set"


@attempt("put memory into a pipe", SECCOMP)
def give_memory(targets: Targets) -> str | None:
    _, right = os.pipe()
    data = ctypes.create_string_buffer(b"x")
    piece = (ctypes.c_uint64 * 2)(ctypes.addressof(data), 1)
    return f"{call('vmsplice', right, ctypes.byref(piece), 1, 0)} byte"


@attempt("move bytes between pipes", SECCOMP)
def splice(targets: Targets) -> str | None:
    left, right = os.pipe()
    _, other = os.pipe()
    os.write(right, b"x")
    return f"{os.splice(left, other, 1)} byte"


@attempt("lock a file that others use", SECCOMP)
def lock(targets: Targets) -> str | None:
    fcntl.flock(os.open(os.path.join(targets.bundle, "strategy.py"), os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    return "locked"
