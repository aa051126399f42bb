"""The benchmark's bars are the same everywhere and lie where the exchange is open."""

import hashlib
from dataclasses import fields

import numpy as np

from benchmarks.bars import cross_orders, make_bars
from periscope.instruments.sessions import sessions_for


def test_the_bars_are_the_same_on_every_machine() -> None:
    bars = make_bars(2_000)
    digest = hashlib.sha256(b"".join(getattr(bars, field.name).astype("<i8").tobytes() for field in fields(bars)))
    assert digest.hexdigest()[:16] == "49c11fc034150251"


def test_more_bars_begin_like_fewer() -> None:
    few, more = make_bars(500), make_bars(900)
    assert all(np.array_equal(getattr(few, field.name), getattr(more, field.name)[:500]) for field in fields(few))


def test_prices_make_sense_as_bars() -> None:
    bars = make_bars(5_000)
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.open[1:] == bars.close[:-1]).all()


def test_no_bar_lies_outside_a_session() -> None:
    bars = make_bars(500_000)
    sessions = sessions_for("XNAS")
    assert sessions.is_open_mask(bars.start).all()
    assert sessions.is_open_mask(bars.end - 1).all()


def test_the_cross_orders_as_often_as_it_should() -> None:
    close = make_bars(3_000).close.tolist()
    long, orders = False, 0
    for now in range(31, len(close) + 1):
        above = sum(close[now - 10 : now]) * 31 > sum(close[now - 31 : now]) * 10
        orders += above is not long
        long = above
    assert cross_orders(np.asarray(close), 10, 31) == orders
    assert 100 < orders < 130


def test_bars_ascend_without_overlap() -> None:
    bars = make_bars(1_000, step_seconds=1)
    assert (bars.end[:-1] <= bars.start[1:]).all()
    assert (bars.end - bars.start == 1_000_000).all()
