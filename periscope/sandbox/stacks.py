"""Where the user's code stands at this moment, asked from outside: faulthandler writes the stack into a pipe."""

import os
import re
import select
import signal
from pathlib import Path

from periscope.sandbox.inside.wire import Place

_FRAME = re.compile(r'  File "([^"\n]+)", line (\d{1,7}) in ([^\n]+)')
_PATIENCE_MILLISECONDS = 250
_NEXT_MILLISECONDS = 10
_MOST_PIECES = 50
"""faulthandler writes a line in many pieces, and the strategy's code may write there too: so many looks, no more."""


def place_in_stack(process: int, pipe: int, folder: Path) -> Place | None:
    """The innermost line of the bundle in `folder` that the process is in, None where it cannot be told.

    SIGUSR1 makes faulthandler write the stack, also while C code runs. Where none of the bundle's lines is on it, the
    handler may be suspended in an `await`: SIGUSR2 has the process look there.
    """
    try:
        os.kill(process, signal.SIGUSR1)
        place, told = _read_place(pipe, folder)
        if place is None and told:
            os.kill(process, signal.SIGUSR2)
            place, _ = _read_place(pipe, folder)
    except ProcessLookupError:
        return None
    return place


def _read_place(pipe: int, folder: Path) -> tuple[Place | None, bool]:
    """The first line of the bundle that is written into the pipe, and whether anything was."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    text = ""
    for number in range(_MOST_PIECES):
        if not poll.poll(_NEXT_MILLISECONDS if number else _PATIENCE_MILLISECONDS):
            break
        data = os.read(pipe, 1 << 16)
        if not data:
            break
        text += data.decode("utf-8", "replace")
        whole_lines = text[: text.rfind("\n") + 1]
        for file, line, function in _FRAME.findall(whole_lines):
            if Path(file).parent == folder:
                return Place(file, int(line), function), True
    return None, text != ""
