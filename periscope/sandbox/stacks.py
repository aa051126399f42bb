"""Where the user's code stands at this moment, asked from outside: faulthandler writes the stack into a pipe."""

import os
import re
import select
import signal
import time
from pathlib import Path

from periscope.sandbox.inside.wire import Place

_FRAME = re.compile(r'^  File "([^\n]+)", line (\d{1,7}) in ([^\n]+)', re.MULTILINE)
"""Anchored, so that looking takes time in proportion to the text: the strategy can write into the pipe, too."""
_MOST_TEXT = 1 << 18
"""Characters that are looked at: more than faulthandler ever writes."""
_MOST_NAME = 1_000
_PATIENCE_SECONDS = 0.1
"""For everything: the process is over its limit and is to be ended soon, whatever it writes."""
_NEXT_SECONDS = 0.01
"""faulthandler writes a line in many pieces: so long may it be until the next one."""


def place_in_stack(process: int, pipe: int, folder: Path) -> Place | None:
    """The innermost line of the bundle in `folder` that the process is in, None where it cannot be told.

    SIGUSR1 makes faulthandler write the stack, also while C code runs. Where none of the bundle's lines is on it, the
    handler may be suspended in an `await`: SIGUSR2 has the process look there.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    files = _files(folder)
    try:
        os.kill(process, signal.SIGUSR1)
        place, told = _read_place(pipe, files, until)
        if place is None and told:
            os.kill(process, signal.SIGUSR2)
            place, _ = _read_place(pipe, files, until)
    except ProcessLookupError:
        return None
    return place


def _files(folder: Path) -> dict[str, str]:
    """The bundle's modules by their names as faulthandler writes them, which is in ASCII, and by their own."""
    files = {}
    for file in map(str, folder.glob("*.py")):
        files[file] = files["".join(map(_shown, file))] = file
    return files


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _read_place(pipe: int, files: dict[str, str], until: float) -> tuple[Place | None, bool]:
    """The first line of the bundle that is written into the pipe, and whether anything was."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    text = ""
    while len(text) < _MOST_TEXT and (left := until - time.monotonic()) > 0:
        if not poll.poll(1000 * (min(left, _NEXT_SECONDS) if text else left)):
            break
        data = os.read(pipe, 1 << 16)
        if not data:
            break
        text += data.decode("utf-8", "replace")
        whole_lines = text[: text.rfind("\n") + 1]
        for file, line, function in _FRAME.findall(whole_lines):
            if file in files:
                return Place(files[file], int(line), function[:_MOST_NAME]), True
    return None, text != ""
