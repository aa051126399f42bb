"""Reading what a strategy prints: always drained, kept up to a limit, counted beyond it."""

import os
from collections.abc import Callable, Mapping

_PIECE = 8_192
"""Bytes taken at a time while they are kept: as many lines, at worst, and a few milliseconds."""
_LARGE_PIECE = 1 << 16
"""Bytes taken at a time when they are only counted."""
_MOST_AT_THE_END = 1 << 20
_MOST_LINE = 8_192
_LEAST_COST = 32
"""What the shortest line counts: it has a stream and a time beside its text."""
_LAST_TIME = 253_402_300_799_999_999
"""The last microsecond of the year 9999: whatever stands before a tab and is more is no time."""


class OutputReader:
    """Turns the bytes of the output pipes into lines with their simulation time.

    `on_line` gets (microseconds or None, stream, text). Control characters are escaped, so that no line can look like
    anything but a line. Once `limit` bytes have been kept, `dropped_bytes` counts the rest.
    """

    def __init__(
        self, descriptors: Mapping[int, str], limit: int, on_line: Callable[[int | None, str, str], None]
    ) -> None:
        self.descriptors = dict(descriptors)
        self._left = limit
        self._on_line = on_line
        self._rest = dict.fromkeys(descriptors, b"")
        self.dropped_bytes = 0

    def read(self, descriptor: int) -> bool:
        """Take some of what is there; False once the pipe's other end is closed."""
        return self._take(descriptor) != b""

    def drain(self) -> None:
        """The process is over: take all that is still in the pipes, and the lines that were never finished."""
        for descriptor in self.descriptors:
            taken = 0
            while (data := self._take(descriptor)) and taken < _MOST_AT_THE_END:
                taken += len(data)
            rest, self._rest[descriptor] = self._rest[descriptor], b""
            if rest:
                self._keep(self.descriptors[descriptor], rest)

    def _take(self, descriptor: int) -> bytes | None:
        """Some bytes; none when the pipe's other end is closed, None while there are none."""
        try:
            data = os.read(descriptor, _PIECE if self._left else _LARGE_PIECE)
        except BlockingIOError:
            return None
        if not self._left:
            self.dropped_bytes += len(data)
            return data
        *lines, rest = (self._rest[descriptor] + data).split(b"\n")
        if len(rest) > _MOST_LINE:
            lines.append(rest)
            rest = b""
        self._rest[descriptor] = rest
        for line in lines:
            self._keep(self.descriptors[descriptor], line)
        return data

    def _keep(self, stream: str, line: bytes) -> None:
        size = max(len(line) + 1, _LEAST_COST)
        if size > self._left:
            self._left = 0
            self.dropped_bytes += len(line) + 1
            return
        self._left -= size
        stamp, tab, text = line.partition(b"\t")
        time = int(stamp) if tab and stamp.isdigit() and len(stamp) <= 18 else None
        if time is not None and time > _LAST_TIME:
            time = None
        if time is None and (stamp != b"-" or not tab):
            text = line
        shown = text.decode("utf-8", "backslashreplace")
        if not shown.isprintable():
            shown = "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in shown)
        self._on_line(time, stream, shown)
