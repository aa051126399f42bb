"""Which process keeps others from writing to an SQLite database, as far as the kernel tells."""

import os
from pathlib import Path

from periscope.runs.processes import is_stopped, process_of

_LOCKS = Path("/proc/locks")
_WRITER = 120
"""The byte of the file `-shm` that a writer locks (the write-ahead log's WAL_WRITE_LOCK, sqlite.org/walformat.html)."""
_WORDS, _MOST_LETTERS = 3, 80


def holder_of(database: Path) -> tuple[str, str] | None:
    """A sentence about the process that is writing to a database, and what to do; None where nobody is seen to.

    Linux tells it to whoever sees that process: not from inside of a container about a process outside.
    """
    number = _writer(database.with_name(database.name + "-shm"))
    process = None if number is None else process_of(number)
    if number is None or process is None:
        return None
    named = f"process {number} ({_command(number)}) holds it"
    if is_stopped(process):
        return f"{named} and was stopped", f"`kill -CONT {number}` lets it go on, `kill -KILL {number}` ends it"
    return named, "try again when it has finished"


def _writer(file: Path) -> int | None:
    """The number of the process that has the write lock. Lines of `/proc/locks`: man 5 proc_locks."""
    try:
        stat, lines = file.stat(), _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    wanted = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    for line in lines:
        words = line.split()
        if len(words) == 8 and words[1] == "POSIX" and (words[3], words[5]) == ("WRITE", wanted):
            last = 1 << 62 if words[7] == "EOF" else int(words[7])
            if int(words[6]) <= _WRITER <= last and int(words[4]) > 0:
                return int(words[4])
    return None


def _command(number: int) -> str:
    """What a process runs, in its first words and without the folders of this machine."""
    try:
        written = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "?"
    words = written.partition("\0-c\0")[0].split("\0")[:_WORDS]  # what follows -c is a program, and no name of one
    named = " ".join(word.rpartition("/")[2] for word in words)[:_MOST_LETTERS]
    return "".join(letter if letter.isprintable() else "?" for letter in named).strip()
