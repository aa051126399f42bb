"""Putting into words what went wrong in the user's code, however odd the objects are that it left."""

import mmap

from libs.shared_ipc.src.protocol import Action

from .packages import hint_for

_ACTIONS = Action.__args__
_NOTHING = object()
_MOST_SHOWN = 200
_RESERVE_BYTES = 4 << 20


class Reserve:
    """Memory that is kept back, so that the want of it can still be put into words."""

    def __init__(self) -> None:
        self._kept = mmap.mmap(-1, _RESERVE_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def release(self) -> None:
        """Let it be used."""
        self._kept.close()


def objection(returned: object, most_actions: int) -> tuple[str, str] | None:
    """What is wrong with what a handler returned, as an issue code and the end of a sentence; None if nothing is."""
    if isinstance(returned, list):
        wrong = next((entry for entry in returned if not isinstance(entry, _ACTIONS)), _NOTHING)
        if wrong is _NOTHING:
            if len(returned) <= most_actions:
                return None
            return "TOO_MANY_ACTIONS", f"returned {len(returned)} actions; {most_actions} are allowed"
        found = f"a list with {_shown(wrong)} in it"
    else:
        found = _shown(returned)
    return "INVALID_ACTIONS", f"must return a list of actions (an empty list is fine), found {found}"


def sentence_of(error: BaseException) -> str:
    """What an exception says, even where its own `__str__` fails; of a failed import, what can be done about it too."""
    try:
        text = f"{error}{hint_for(error)}"
    except BaseException:
        text = "(its text could not be made)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def code_of(error: BaseException) -> str:
    """The issue code of an exception that left the user's code."""
    match error:
        case SystemExit():
            return "STRATEGY_EXITED"
        case MemoryError():
            return "MEMORY_LIMIT"
        case RuntimeError(args=("can't start new thread",)):
            return "THREAD_LIMIT"
        case _:
            return "STRATEGY_EXCEPTION"


def trace_of(error: BaseException) -> str:
    """The traceback of an exception for the log, even where parts of it cannot be shown."""
    try:
        import traceback  # which costs a start two milliseconds

        return "".join(traceback.format_exception(error))
    except BaseException:
        return f"{type(error).__name__} (its traceback could not be made)"


def sayable(text: str) -> str:
    """The text without what UTF-8 cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except BaseException:
        text = "something without a text"
    return f"{text[:_MOST_SHOWN]} of type {type(value).__name__}"
