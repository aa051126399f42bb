"""What the strategy prints, line by line, each with the simulation time at which it was begun."""

import io
import os
from typing import Protocol

from .events import microseconds

_LONGEST_LINE = 8_000


class _Clocked(Protocol):
    @property
    def now(self) -> object: ...


class LineWriter(io.TextIOBase):
    """Stands in for stdout and stderr: writes lines of the form `<microseconds or ->TAB<text>` to a descriptor.

    Text leaves at once, so that nothing is lost when the process is killed; a line may go in several writes.
    """

    encoding = "utf-8"

    def __init__(self, descriptor: int, clocked: _Clocked) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._clocked = clocked
        self._length = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor that lines go to."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Let text go; each line that begins in it gets its time."""
        now = self._clocked.now
        stamp = "-\t" if now is None else f"{microseconds(now)}\t"  # type: ignore[arg-type]
        *whole, rest = text.split("\n")
        parts: list[str] = []
        for line in whole:
            self._add(line, stamp, parts)
            parts.append("\n" if self._length else stamp + "\n")
            self._length = 0
        self._add(rest, stamp, parts)
        data = "".join(parts).encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._descriptor, data) :]
        return len(text)

    def _add(self, text: str, stamp: str, parts: list[str]) -> None:
        """More of the line in hand; one that grows too long goes on in another."""
        while text:
            if not self._length:
                parts.append(stamp)
            piece, text = text[: _LONGEST_LINE - self._length], text[_LONGEST_LINE - self._length :]
            parts.append(piece)
            self._length += len(piece)
            if text:
                parts.append("\n")
                self._length = 0
