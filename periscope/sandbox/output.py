"""Reading what a strategy prints: always drained, kept up to a limit, counted beyond it."""

import os
from collections.abc import Callable, Mapping

_MOST_LINE = 8_192
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
        """Take what is there; False once the pipe's other end is closed."""
        try:
            data = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return True
        *lines, rest = (self._rest[descriptor] + data).split(b"\n")
        if not data and rest:
            lines, rest = [rest], b""
        if len(rest) > _MOST_LINE:
            lines.append(rest)
            rest = b""
        self._rest[descriptor] = rest
        for line in lines:
            self._keep(self.descriptors[descriptor], line)
        return bool(data)

    def drain(self) -> None:
        """Take all that is still in the pipes."""
        for descriptor in self.descriptors:
            for _ in range(64):
                before = self._rest[descriptor], self._left
                if not self.read(descriptor) or (self._rest[descriptor], self._left) == before:
                    break

    def _keep(self, stream: str, line: bytes) -> None:
        size = len(line) + 1
        if size > self._left:
            self._left = 0
            self.dropped_bytes += size
            return
        self._left -= size
        stamp, tab, text = line.partition(b"\t")
        time = int(stamp) if tab and stamp.isdigit() and len(stamp) <= 18 else None
        if time is not None and time > _LAST_TIME:
            time = None
        if time is None and (stamp != b"-" or not tab):
            text = line
        shown = text.decode("utf-8", "backslashreplace")
        self._on_line(time, stream, "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in shown))
