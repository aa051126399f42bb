"""How the engine talks with a strategy: the one interface between the two, whatever process the strategy lives in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import Action

type Change = tuple[str, str, str, str]
"""A position as it is now: the instrument's symbol and asset type, signed quantity, average price."""

type Item = tuple[int, str, int, tuple[Change, ...], tuple[object, ...]]
"""One entry of a script: position in the block, kind, time, position changes, payload.

Kinds: `U` order update (order id, symbol, asset type, state, quantity filled, net money, updated at), `T` timer (timer
id), `X` expiration (symbol, asset type, streams that end), `P` a position change without an event.
"""

type ScalingRow = tuple[int, str, str, int | None]
"""A `Scaling`: digits, numerator and denominator (as text, they may be long), places."""

type StreamRow = tuple[int, str, str, ScalingRow, ScalingRow]
"""One entry of the stream table: number, symbol, asset type, what the integers of prices and of volumes stand for."""


class ReplyKind(StrEnum):
    """How the strategy's process answers."""

    ACTED = "acted"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the user's own files."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run cannot go on: the issue's code, a sentence, and the user's line where there is one."""

    code: str
    message: str
    location: Location | None = None


class Reply(NamedTuple):
    """What the strategy did with a script.

    `items_done` and `bars_done` count what has been delivered, the event that acted or failed included; `was_bar` says
    whether that event was a bar.
    """

    kind: ReplyKind
    items_done: int
    bars_done: int
    was_bar: bool
    actions: Sequence[Action] = ()
    failure: Failure | None = None


type FrontMonthAnswer = tuple[str | None, str, int, int]
"""Symbol (or None), why there is none, and the interval in which the answer holds."""

type FrontMonthQuery = Callable[[str, int | None, int, int, bool], FrontMonthAnswer]
"""Root, as of (None: now), items done, bars done, whether the event in hand is a bar."""


class StrategyPort(Protocol):
    """One strategy, ready to be driven. Exactly one call is outstanding at a time."""

    def start(self, time: int, answer: FrontMonthQuery) -> Reply:
        """Run `on_start` at `time`; queries that handlers make are put to `answer` from now on."""

    def block(self, columns: npt.NDArray[np.int64], streams: Sequence[StreamRow]) -> None:
        """Replace what is left of the last block.

        `columns` has shape (8, n): start, end, stream, open, high, low, close, volume.
        """

    def go(self, items: Sequence[Item], end: int, dropped: Sequence[int], meanwhile: Callable[[], None]) -> Reply:
        """Deliver the bars before row `end` and the items between them, up to the first that acts.

        `meanwhile` is called once, while the strategy works where it has a processor of its own.
        """

    def stop(self, time: int) -> Failure | None:
        """Run `on_stop` at `time` and end. Returns what went wrong in it."""
