"""The status of a run, and the table of the moves between them."""

from enum import StrEnum


class Status(StrEnum):
    """Where a run is between new and its end."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETE = "complete"
    STOPPED = "stopped"
    ERROR = "error"


class Move(StrEnum):
    """What can happen to a run."""

    START = "started"
    BEGIN = "begun by its process"
    FINISH = "ended by itself"
    STOP = "stopped or killed"
    FAIL = "failed"
    RESET = "reset"


NEXT_STATUS: dict[tuple[Status, Move], Status] = {
    (Status.NEW, Move.START): Status.STARTING,
    (Status.STARTING, Move.BEGIN): Status.RUNNING,
    (Status.STARTING, Move.STOP): Status.STOPPED,
    (Status.STARTING, Move.FAIL): Status.ERROR,
    (Status.RUNNING, Move.BEGIN): Status.RUNNING,
    (Status.RUNNING, Move.FINISH): Status.COMPLETE,
    (Status.RUNNING, Move.STOP): Status.STOPPED,
    (Status.RUNNING, Move.FAIL): Status.ERROR,
    (Status.COMPLETE, Move.RESET): Status.NEW,
    (Status.STOPPED, Move.RESET): Status.NEW,
    (Status.ERROR, Move.RESET): Status.NEW,
}
"""Every legal move; whatever is not here raises. A running run begins again where its process was lost."""

ACTIVE = frozenset({Status.STARTING, Status.RUNNING})
ENDED = frozenset({Status.COMPLETE, Status.STOPPED, Status.ERROR})


class IllegalMoveError(Exception):
    """A run was asked to make a move that the table does not have; nothing was changed."""

    def __init__(self, status: Status, move: Move) -> None:
        super().__init__(f"a run that is {status} can't be {move}")
        self.status = status
        self.move = move


def next_status(status: Status, move: Move) -> Status:
    """The status after a move; raises IllegalMoveError where the table has no such move."""
    found = NEXT_STATUS.get((status, move))
    if found is None:
        raise IllegalMoveError(status, move)
    return found
