"""What the strategy prints, line by line, each with the simulation time at which it was printed."""

import io
import os
from typing import Protocol

from .events import microseconds

_LONGEST_LINE = 8_000


class _Clocked(Protocol):
    @property
    def now(self) -> object: ...


class LineWriter(io.TextIOBase):
    """Stands in for stdout and stderr: writes `<microseconds or ->TAB<line>` to a descriptor, one write a line."""

    encoding = "utf-8"

    def __init__(self, descriptor: int, clocked: _Clocked) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._clocked = clocked
        self._rest = ""

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor that lines go to."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Take text; whole lines leave at once."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._emit(line)
        while len(self._rest) > _LONGEST_LINE:
            self._emit(self._rest[:_LONGEST_LINE])
            self._rest = self._rest[_LONGEST_LINE:]
        return len(text)

    def flush(self) -> None:
        """Let an unfinished line leave too."""
        if self._rest:
            self._emit(self._rest)
            self._rest = ""

    def _emit(self, line: str) -> None:
        now = self._clocked.now
        time = "-" if now is None else str(microseconds(now))  # type: ignore[arg-type]
        data = f"{time}\t{line}\n".encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._descriptor, data) :]
