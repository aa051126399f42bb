"""How the store says no."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked can't be done now, by a rule: a stable code, a sentence, and what to try. Nothing was changed."""

    code: str
    message: str
    hint: str = ""


def no_version(text: str, published: Iterable[str]) -> Refused:
    """That there is no such version; `published` are the strategies that have any."""
    known = sorted(published)
    hint = f"there are {', '.join(known[:20])}" if known else "`periscope publish PATH` makes one"
    return Refused("VERSION_NOT_FOUND", f"there is no version {text!r}", hint)


class StoreError(Exception):
    """The store itself can't be used: it is damaged, unreachable, or of a newer release. `where` names the place."""

    def __init__(self, code: str, message: str, where: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
