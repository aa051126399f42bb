"""The script: everything that happens within a block if the strategy does nothing, built on a fork of the state."""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from periscope.engine.blocks import Block
from periscope.engine.port import Item
from periscope.engine.simulation import Simulation
from periscope.engine.step import next_key, step
from periscope.engine.timeline import BEFORE_BARS, Key, Rank

_BAR = (Rank.BARS, 1 << 62, 0, 0)


class Script(NamedTuple):
    """Items in order, the row at which the strategy stops, and the state when all of it has happened.

    `quiet_key` is the key of the last thing that happened on the fork without giving an item, None if there was none
    after the last item. `overflow` says that the script was cut because too many events fell on one instant, and
    `happened` how much happened on the fork.
    """

    items: list[Item]
    end: int
    fork: Simulation
    quiet_key: Key | None
    overflow: bool
    happened: int


def build_script(
    state: Simulation, block: Block, position: int, horizon: int, budget: int, *, acting: bool = False
) -> Script:
    """Let happen on a fork of `state` what the strategy does not prevent, until the horizon, or `budget` happenings.

    What happens without anything to deliver is never cut: the strategy could not prevent it. Where a strategy is
    `acting`, and more bars of the present instant are to come, it may act at each of them: the script ends with them,
    as looking beyond the instant anew for each bar would cost the square of their number.
    """
    fork = state.fork()
    items: list[Item] = []
    quiet: Key | None = None
    first, happened = position, 0
    acting = acting and 0 < first < len(block) and block.ends[first] == block.ends[first - 1]
    limit = state.settings.limits.events_per_instant
    while True:
        key = next_key(fork)
        if key is None or key[0] > horizon:
            return Script(items, len(block), fork, quiet, False, happened)
        position = max(position, row_of(block, key))
        if (acting and position > first) or (happened >= budget and (items or position > first)):
            return Script(items, position, fork, quiet, False, happened)
        before = _kept(fork) if fork.instant == (key[0], limit) else None
        fork.row = position
        item = step(fork, key)
        happened += 1
        if before is not None and item is not None:
            return Script(items, position, before, quiet, True, happened)
        if item is None:
            quiet = key
        else:
            items.append(item)
            quiet = None


def _kept(state: Simulation) -> Simulation:
    """The state before a happening that may be one event too many for its instant; quiet ones are not counted."""
    before = state.fork()
    before.records = state.records.copy()
    return before


def row_of(block: Block, key: Key) -> int:
    """The row of the block before which the happening with `key` comes."""
    side = bisect_left if key[1] in BEFORE_BARS else bisect_right
    return side(block.ends, key[0])


def replay(state: Simulation, block: Block, items_done: int, position: int, until: Key) -> int:
    """Let happen on the committed state what was confirmed: `items_done` items, and what is before `until`.

    Returns how much happened.
    """
    done = happened = 0
    while True:
        key = next_key(state)
        if key is None or (done == items_done and key >= until):
            return happened
        position = max(position, row_of(block, key))
        state.row = position
        if step(state, key) is not None:
            done += 1
        happened += 1
        assert done <= items_done, "the strategy confirmed less than what must have happened"


def key_of_bar(time: int) -> Key:
    """A key after every bar that ends at `time` and before whatever follows the bars."""
    return (time, *_BAR)
