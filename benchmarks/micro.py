"""The two prices that bound Periscope's speed: building a bar's event, and a message to another process and back.

Run it with `python -m benchmarks.micro`. The figures are the best and the median of `ROUNDS`, on one core. They bound
what the platform can reach; benchmarks/throughput.py tells what it does reach.
"""

import os
import socket
import struct
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from functools import cache
from statistics import median
from time import perf_counter

from benchmarks.bars import SYMBOL, Bars, make_bars
from libs.shared_ipc.src.protocol import AssetType, BarEvent, StrategyBar
from periscope.sandbox.inside.events import CHUNK, EventFactory, moment
from periscope.sandbox.inside.wire import BlockHead, StreamRow

ROUNDS = 5
BARS = 100_000
BLOCK = 4096
TRIPS = 3_000
MESSAGE = bytes(60)


def by_constructors(bars: Bars) -> None:
    """Makes every event by the frozen classes' own constructors, prices from a cache: the plain way."""
    cents = cache(lambda value: Decimal(value).scaleb(-2))
    for start, end, opening, high, low, close, volume in zip(*_lists(bars), strict=True):
        prices = (cents(opening), cents(high), cents(low), cents(close))
        bar = StrategyBar(moment(start), *prices, Decimal(volume))
        BarEvent(moment(end), SYMBOL, AssetType.EQUITY, bar)


def by_factory(bars: Bars) -> None:
    """Makes every event as the strategy's process does, block by block."""
    factory = EventFactory()
    streams = [StreamRow(0, SYMBOL, AssetType.EQUITY.value, 2, 0)]
    names = ("start", "end", None, "open", "high", "low", "close", "volume")
    for low in range(0, len(bars), BLOCK):
        high = min(low + BLOCK, len(bars))
        zeros = bytes(8 * (high - low))
        columns = b"".join(zeros if name is None else getattr(bars, name)[low:high].tobytes() for name in names)
        factory.load(BlockHead(high - low, streams), memoryview(columns))
        for first in range(0, high - low, CHUNK):
            factory.events(first, min(first + CHUNK, high - low))


def _lists(bars: Bars) -> list[list[int]]:
    return [getattr(bars, field.name).tolist() for field in fields(bars)]


def event_seconds(build: Callable[[Bars], None], bars: Bars) -> float:
    """Seconds for one bar's event, let go at once."""
    began = perf_counter()
    build(bars)
    return (perf_counter() - began) / len(bars)


def round_trip_seconds() -> float:
    """Seconds for a message of 60 bytes to a forked process and back over a stream socket."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        _echo(there)
        os._exit(0)
    there.close()
    began = perf_counter()
    for _ in range(TRIPS):
        _send(here, MESSAGE)
        _receive(here)
    seconds = (perf_counter() - began) / TRIPS
    here.close()
    os.waitpid(child, 0)
    return seconds


def _echo(end: socket.socket) -> None:
    try:
        while True:
            _send(end, _receive(end))
    except EOFError:
        return


def _send(end: socket.socket, body: bytes) -> None:
    end.sendall(struct.pack("<I", len(body)) + body)


def _receive(end: socket.socket) -> bytes:
    (length,) = struct.unpack("<I", _exactly(end, 4))
    return _exactly(end, length)


def _exactly(end: socket.socket, length: int) -> bytes:
    found = end.recv(length)
    while len(found) < length:
        more = end.recv(length - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def main() -> None:
    """Prints each figure in microseconds."""
    everywhere = os.sched_getaffinity(0)
    one_core = {min(everywhere)}
    bars = make_bars(BARS)
    measures: list[tuple[str, set[int], Callable[[], float]]] = [
        ("event of a bar by constructors", one_core, lambda: event_seconds(by_constructors, bars)),
        ("event of a bar as the child makes it", one_core, lambda: event_seconds(by_factory, bars)),
        ("round trip, both on one core", one_core, round_trip_seconds),
        ("round trip, wherever the kernel puts them", everywhere, round_trip_seconds),
    ]
    for name, cores, measure in measures:
        os.sched_setaffinity(0, cores)
        taken = [measure() * 1e6 for _ in range(ROUNDS)]
        print(f"{name:<45} best {min(taken):6.2f} us   median {median(taken):6.2f} us")


if __name__ == "__main__":
    main()
