"""The network, other processes' sockets, names, and the kernel's own sockets."""

import asyncio
import ctypes
import os
import socket
import urllib.request

from .calls import call, libc
from .kit import Layer, Targets, attempt, held

SECCOMP = Layer.SECCOMP
_SECONDS = 2


def connected(family: int, kind: int, address: object) -> str:
    """Connect and say something."""
    with socket.socket(family, kind) as made:
        made.settimeout(_SECONDS)
        made.connect(address)  # type: ignore[arg-type]
        made.send(b"hello")
    return f"connected to {address!r}"


def made(family: int, kind: int, protocol: int = 0) -> str:
    """Make a socket, no more."""
    with socket.socket(family, kind, protocol) as found:
        return f"made socket {found.fileno()}"


@attempt("connect by TCP", SECCOMP)
def tcp(targets: Targets) -> str | None:
    return connected(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", targets.tcp4))


@attempt("connect by TCP over IPv6", SECCOMP)
def tcp6(targets: Targets) -> str | None:
    return connected(socket.AF_INET6, socket.SOCK_STREAM, ("::1", targets.tcp6))


@attempt("send a datagram", SECCOMP)
def udp(targets: Targets) -> str | None:
    return connected(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", targets.udp))


@attempt("fetch a page", SECCOMP)
def fetch(targets: Targets) -> str | None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{targets.tcp4}/", timeout=0.2)
    except TimeoutError:
        return "asked, and nobody answered in time"
    except OSError as error:
        reason = getattr(error, "reason", None)
        raise reason if isinstance(reason, OSError) else error from None
    return "fetched"


@attempt("connect with asyncio", SECCOMP)
def asynchronous(targets: Targets) -> str | None:
    async def connect() -> str:
        _, writer = await asyncio.open_connection("127.0.0.1", targets.tcp4)
        writer.close()
        return "connected"

    return asyncio.run(connect())


@attempt("connect with system calls", SECCOMP)
def tcp_by_number(targets: Targets) -> str | None:
    descriptor = call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
    address = socket.AF_INET.to_bytes(2, "little") + targets.tcp4.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    call("connect", descriptor, address, 16)
    os.close(descriptor)
    return "connected"


@attempt("listen for connections", SECCOMP)
def listen(targets: Targets) -> str | None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"listens at {server.getsockname()}"


@attempt("make packets of its own", SECCOMP)
def raw(targets: Targets) -> str | None:
    return made(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


@attempt("see the packets of the network's devices", SECCOMP)
def packets(targets: Targets) -> str | None:
    return made(socket.AF_PACKET, socket.SOCK_RAW)


@attempt("connect to another process's socket by its path", SECCOMP)
def unix_stream(targets: Targets) -> str | None:
    return connected(socket.AF_UNIX, socket.SOCK_STREAM, targets.path("stream"))


@attempt("send a datagram to another process's socket by its path", SECCOMP)
def unix_datagram(targets: Targets) -> str | None:
    return connected(socket.AF_UNIX, socket.SOCK_DGRAM, targets.path("datagram"))


@attempt("connect to another process's socket by its abstract name", SECCOMP)
def abstract(targets: Targets) -> str | None:
    return connected(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + targets.abstract)


@attempt("make a socket as a file by binding it", SECCOMP)
def bind_a_path(targets: Targets) -> str | None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(targets.path("bound"))
    return "bound"


@attempt("bind one of a pair to an abstract name", SECCOMP)
def bind_one_of_a_pair(targets: Targets) -> str | None:
    left, right = socket.socketpair()
    with left, right:
        left.bind(f"\0battery-{os.getpid()}-{targets.decoy}")
    return "bound"


@attempt("send from a pair of datagram sockets to another process", SECCOMP)
def datagram_from_a_pair(targets: Targets) -> str | None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        left.sendto(b"hello", targets.path("datagram"))
    return "sent"


@attempt("send from a pair of sequenced sockets", SECCOMP)
def sequenced_pair(targets: Targets) -> str | None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.close()
    right.close()
    return "made"


@attempt("ask the kernel for its routes", SECCOMP)
def netlink(targets: Targets) -> str | None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as found:
        found.bind((0, 0))
        return f"bound {found.getsockname()}"


@attempt("hear the kernel's events of devices", SECCOMP)
def netlink_events(targets: Targets) -> str | None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15) as found:
        found.bind((0, 1))
        return f"bound {found.getsockname()}"


@attempt("make a socket to the machine's own host", SECCOMP)
def virtual(targets: Targets) -> str | None:
    return made(40, socket.SOCK_STREAM)


@attempt("have the kernel do cryptography", SECCOMP)
def cryptography(targets: Targets) -> str | None:
    return made(38, socket.SOCK_SEQPACKET)


@attempt("make a socket for packets shared with the kernel", SECCOMP)
def express(targets: Targets) -> str | None:
    return made(44, socket.SOCK_RAW)


@attempt("make a socket for a vehicle's bus", SECCOMP)
def vehicle(targets: Targets) -> str | None:
    return made(29, socket.SOCK_RAW, 1)


@attempt("make a socket for Bluetooth", SECCOMP)
def bluetooth(targets: Targets) -> str | None:
    return made(31, socket.SOCK_RAW, 1)


def looked_up(name: str) -> str | None:
    """The address of a name; the name is looked up in files and then in the network."""
    try:
        found = socket.getaddrinfo(name, 80)
    except socket.gaierror as error:
        raise OSError(str(error)) from None
    return f"{name} is {found[0][4]}"


@attempt("look a name up with getaddrinfo", SECCOMP, "OSError")
def look_up(targets: Targets) -> str | None:
    return looked_up("localhost")


@attempt("look a name up with gethostbyname", SECCOMP, "gaierror")
def look_up_the_old_way(targets: Targets) -> str | None:
    return socket.gethostbyname("localhost")


@attempt("ask a name server", SECCOMP)
def ask_a_name_server(targets: Targets) -> str | None:
    """The resolver's state (resolv.h) begins: two ints, options, the count of servers, their addresses."""
    find = libc["__res_state"]
    find.restype = ctypes.c_void_p
    libc["__res_init"]()
    state = find()
    ctypes.c_int.from_address(state).value = 1
    ctypes.c_int.from_address(state + 4).value = 1
    ctypes.c_int.from_address(state + 16).value = 1
    server = socket.AF_INET.to_bytes(2, "little") + targets.udp.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    ctypes.memmove(state + 20, server, 16)
    answer = ctypes.create_string_buffer(512)
    ctypes.set_errno(0)
    libc["res_query"](b"battery.example", 1, 1, answer, 512)
    number = ctypes.get_errno()
    if number in (1, 13, 38):
        held(number)
    return f"asked; errno {number}"


@attempt("connect by a path with system calls", SECCOMP)
def unix_by_number(targets: Targets) -> str | None:
    path = targets.path("stream").encode()
    descriptor = call("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0)
    call("connect", descriptor, socket.AF_UNIX.to_bytes(2, "little") + path + b"\0", 3 + len(path))
    os.close(descriptor)
    return "connected"
