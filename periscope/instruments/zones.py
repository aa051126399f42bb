"""Local times to UTC in bulk, with the daylight-saving rules of the standard time zone database."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

type Ints = npt.NDArray[np.int64]

_STEP = 28 * 86_400


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _transitions(zone: ZoneInfo, first: int, last: int) -> tuple[Ints, Ints]:
    """When the zone's offset changes between two UTC seconds, and the offsets before, between and after."""
    changes: list[int] = []
    offsets = [_offset(zone, first)]
    for step in range(first, last, _STEP):
        low, high = step, min(step + _STEP, last)
        after = _offset(zone, high)
        if after == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offsets[-1] else (low, middle)
        changes.append(high)
        offsets.append(after)
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


def standard_offset(zone: ZoneInfo) -> int:
    """How many seconds the zone's clock is ahead of UTC when it is not put forward for the summer."""
    moment = datetime(2020, 1, 1, tzinfo=zone)
    offset, summer = moment.utcoffset(), moment.dst()
    assert offset is not None
    assert summer is not None
    return int((offset - summer).total_seconds())


def local_to_utc(local: Ints, zone: ZoneInfo) -> Ints:
    """Seconds since 1970-01-01 on the zone's wall clock to UTC seconds, element by element.

    Of a wall time that occurs twice (clocks set back) the first is taken; one that does not occur (clocks set forward)
    is read with the offset before the change. Both as `datetime` does with fold=0.
    """
    if len(local) == 0:
        return local
    changes, offsets = _transitions(zone, int(local.min()) - _STEP, int(local.max()) + _STEP)
    wall = changes + np.maximum(offsets[:-1], offsets[1:])
    return np.asarray(local - offsets[np.searchsorted(wall, local, side="right")], dtype=np.int64)
