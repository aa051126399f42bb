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
