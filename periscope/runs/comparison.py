"""Two runs event by event: the first thing that differs, in words."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from periscope.instruments.times import time_text
from periscope.instruments.words import counted
from periscope.runs.journal import CHECKPOINT, read_checkpoints, read_line, read_texts

EVENT_KINDS = {"U": "order update", "T": "timer", "X": "expiration", "P": "position change"}
"""What an event of a journal is called."""
UPDATE_FIELDS = ("order_id", "symbol", "asset_type", "state", "filled", "net_money", "updated_at")
"""The payload of an order update."""
_ABOUT = {
    "version": "the strategy's version",
    "config": "the config",
    "data": "the data that was read",
    "models": "the models",
    "engine_version": "the version of Periscope",
    "status": "how they ended",
}
"""Facts of two results that are compared beside their events, with their names in a sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event in which two runs differ.

    `bars` were delivered before it. `here` and `there` are what the first and the second run have in its place, None
    where a run had already ended.
    """

    bars: int
    here: str | None
    there: str | None

    def __str__(self) -> str:
        here = self.here if self.here is not None else "nothing more"
        there = self.there if self.there is not None else "nothing more"
        return f"after {counted(self.bars, 'bar')} the first run has {here}, the second {there}"


def first_difference(first: Path, second: Path, *, prefix: bool = False) -> Difference | None:
    """The first event, action, entry or bar in which the runs of two folders differ, None where all are equal.

    With `prefix` the first run may have ended earlier, as one that was stopped. Raises `JournalDamagedError`.
    """
    lines = _first_line(first, second, prefix)
    bars = _first_bars(first, second, prefix)
    if bars is not None and (lines is None or bars.bars < lines.bars):
        return bars
    return lines


def differing_facts(first: dict[str, Any], second: dict[str, Any], *, without: Collection[str] = ()) -> Iterator[str]:
    """What differs in the results' documents beside the events, one sentence each, but for the facts in `without`."""
    flat = (_facts(first), _facts(second))
    for name, text in _ABOUT.items():
        here, there = (facts[name] for facts in flat)
        if here != there and name not in without:
            yield f"{text} differs: {at_the_difference(here, there)}"


def _facts(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "version": (result.get("strategy") or {}).get("version")} | {
        name: result.get(name) for name in _ABOUT if name != "version"
    }


def at_the_difference(here: Any, there: Any, path: str = "") -> str:
    """The first place in two JSON values that differs, as `path: one instead of other`."""
    if isinstance(here, dict) and isinstance(there, dict):
        for key in sorted({*here, *there}):
            if here.get(key) != there.get(key):
                return at_the_difference(here.get(key), there.get(key), f"{path}.{key}" if path else key)
    if isinstance(here, list) and isinstance(there, list):
        for place, (one, other) in enumerate(zip_longest(here, there)):
            if one != other:
                return at_the_difference(one, other, f"{path}[{place}]")
    shown = f"{_short(here)} in the first, {_short(there)} in the second"
    return f"{path} is {shown}" if path else shown


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:97] + "..."


def _first_line(first: Path, second: Path, prefix: bool) -> Difference | None:
    for texts in zip_longest(read_texts(first), read_texts(second)):
        if texts[0] == texts[1]:
            continue
        here, there = (None if text is None else read_line(text) for text in texts)
        if here == there:
            continue  # the same, written otherwise by another release
        if here is None and prefix:
            return None
        return Difference(min(_bars_before(here), _bars_before(there)), _in_words(here), _in_words(there))
    return None


def _first_bars(first: Path, second: Path, prefix: bool) -> Difference | None:
    ours, theirs = read_checkpoints(first), read_checkpoints(second)
    for here, there in zip_longest(ours, theirs):
        if here == there:
            continue
        if prefix and (here is None or there is None or here.bars % CHECKPOINT):
            return None
        counts = [each.bars for each in (here, there) if each is not None]
        before = (min(counts) - 1) // CHECKPOINT * CHECKPOINT
        shown = [None if each is None else _bars_in_words(each.bars, before) for each in (here, there)]
        return Difference(before, *shown)
    return None


def _bars_in_words(bars: int, before: int) -> str:
    return f"other bars among number {before + 1:,} to {bars:,}"


def _bars_before(line: list[Any] | None) -> int:
    if line is None:
        return 1 << 62
    return int(line[1]) if line and line[0] != "stream" else 0


def _in_words(line: list[Any] | None) -> str | None:
    """One line of a journal as a reader would say it."""
    if line is None:
        return None
    kind, *rest = line
    if kind == "stream":
        number, symbol, asset_type, span, *_ = rest
        return f"stream {number}: {symbol} ({asset_type}) {span} bars"
    _, time, what, fields = rest
    at = time_text(time)
    if kind == "event":
        shown = dict(zip(UPDATE_FIELDS, fields, strict=False)) if what == "U" else fields
        if what == "U":
            return (
                f"at {at} the order update {shown['state']} in {shown['symbol']}, {shown['filled']} filled for "
                f"{shown['net_money']} (order {shown['order_id']})"
            )
        return f"at {at} a {EVENT_KINDS.get(what, what)} {_short(shown)}"
    if kind == "action":
        return f"at {at} the action {what} {_short(fields)}"
    return f"at {at} the ledger entry '{what}' {_short(fields)}"
