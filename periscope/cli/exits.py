"""How the command line ends."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes; scripts may rely on them."""

    DONE = 0
    OUR_FAULT = 1
    USAGE = 2
    INVALID = 3
    """The bundle or the config is invalid."""
    RUN_ERROR = 4
    """The run ended in `error`."""
    DATA = 5
    """Data is missing or fails its checks."""
    NOT_FOUND = 6
    REMOTE = 7
    """Broker or network."""
    NO_SANDBOX = 8
    """A strategy can't be confined, or its process can't be started, on this machine."""
    LIMIT = 9
    """A limit, or the halt."""
    DIFFERENCE = 10
    """A verification found a difference."""
    INTERRUPTED = 130
    """Interrupted, cleanly."""


EXITS = {
    "CATALOG_UNREACHABLE": ExitCode.REMOTE,
    "CATALOG_BUSY": ExitCode.REMOTE,
    "CATALOG_ADDRESS": ExitCode.USAGE,
    "UNKNOWN_INSTRUMENT": ExitCode.NOT_FOUND,
    "UNKNOWN_ROOT": ExitCode.NOT_FOUND,
    "UNKNOWN_EXCHANGE": ExitCode.NOT_FOUND,
    "SPAN_NOT_AVAILABLE": ExitCode.NOT_FOUND,
    "AMBIGUOUS_CONTRACT": ExitCode.USAGE,
    "DATES_REQUIRED": ExitCode.USAGE,
}
"""How a command ends that is refused what it asks of data; with `DATA` where the code is none of these."""

HINTS = {
    "AMBIGUOUS_CONTRACT": "--date 2013-10-07, for example",
    "DATES_REQUIRED": "--date 2013-10-07, or --from and --to",
    "NO_BARS": "`periscope data list` shows what there is",
    "SPAN_NOT_AVAILABLE": "`periscope data list` shows what there is",
    "UNKNOWN_EXCHANGE": "`periscope sessions` lists all",
    "UNKNOWN_INSTRUMENT": "`periscope instruments list`",
    "UNKNOWN_ROOT": "`periscope instruments list`",
}
"""What to try then."""
