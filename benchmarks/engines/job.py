"""What an adapter is given and what it gives back."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Case(StrEnum):
    """What the strategy does with a bar."""

    EMPTY = "empty"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of one engine.

    `folder` holds `bars.npz` (see `benchmarks.bars`) and `catalog/`, the same bars as Periscope keeps them. The cross
    is long `quantity` shares while the mean of the last `fast` closes is above that of the last `slow`, else flat.
    """

    folder: Path
    case: Case
    fast: int = 10
    slow: int = 31
    quantity: int = 100
    cash: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to.

    `bars` went through the engine, `orders` were placed by the strategy. `final_value` is cash plus position at the
    end, as a string. `load_seconds` go from the stored bars to the engine's own objects; `run_seconds` from there,
    or from the first bar where the engine lets us see it, to the end of the run. `notes` says what a reader must know.
    """

    engine: str
    version: str
    bars: int
    orders: int
    final_value: str
    load_seconds: float
    run_seconds: float
    notes: str = ""
