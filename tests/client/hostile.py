"""A server that answers each request with the next of some prepared bytes, and keeps what it was sent."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

type Part = bytes | float
"""Bytes to send, or seconds to wait."""

HEAD_END = b"\r\n\r\n"


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json", headers: str = "") -> list[Part]:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return [head.encode() + body]


@dataclass
class Script:
    """What the server says, answer by answer (the last one again and again), and the heads of what it was sent."""

    answers: list[list[Part]]
    url: str = ""
    heads: list[str] = field(default_factory=list, repr=False)
    over: threading.Event = field(default_factory=threading.Event)

    def next(self) -> list[Part]:
        """The next answer."""
        return self.answers[min(len(self.heads), len(self.answers)) - 1]


@contextmanager
def hostile(*answers: Iterable[Part]) -> Iterator[Script]:
    """A server with these answers, one to a connection; an empty answer ends the connection at once."""
    script = Script([list(parts) for parts in answers])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.settimeout(0.05)
        thread = threading.Thread(target=_serve, args=(listener, script))
        thread.start()
        try:
            yield script
        finally:
            script.over.set()
            thread.join()


def _serve(listener: socket.socket, script: Script) -> None:
    talks: list[threading.Thread] = []
    while not script.over.is_set():
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            talks.append(threading.Thread(target=_talk, args=(connection, script)))
            talks[-1].start()
    for talk in talks:
        talk.join()


def _talk(connection: socket.socket, script: Script) -> None:
    with connection, suppress(OSError):
        connection.settimeout(5)
        head = b""
        while HEAD_END not in head:
            received = connection.recv(65_536)
            if not received:
                return
            head += received
        script.heads.append(head.partition(HEAD_END)[0].decode("latin-1").lower())
        for part in script.next():
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                script.over.wait(part)
        connection.shutdown(socket.SHUT_WR)
