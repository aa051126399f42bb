"""Bars and curves through the client: whole however many parts it takes, exact, and nothing else taken for them."""

import random

import polars as pl
import pytest

from periscope.client import ApiError, Client, windows
from periscope.runs.store.run_rows import Run
from tests.server.conftest import ended
from tests.server.serving import Served

__all__ = ["ended"]


def test_long_windows_come_whole_in_parts(ended: tuple[Served, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(ended[0].url) as client:
        run = ended[1].id
        stream = next(client.runs.streams(run))
        bars, equity = client.runs.bars(run, stream.stream), client.runs.equity(run)
        assert (len(bars), bars.schema["close"].is_decimal()) == (stream.bars, True)
        monkeypatch.setattr(windows, "MOST_ROWS", 60)
        assert client.runs.bars(run, stream.stream).equals(bars)
        assert client.runs.equity(run).equals(equity)
        first, last = bars["start"][5], bars["start"][9]
        assert client.runs.bars(run, stream.stream, start=first, end=last).equals(bars[5:9])
        assert client.runs.bar_window(run, stream.stream, most=10).stored == len(bars)


def test_integers_become_decimals_to_the_last_digit() -> None:
    chance = random.Random(7)
    values = [chance.randint(-(2**63) + 1, 2**63 - 1) for _ in range(500)] + [0, 1, -1, 2**63 - 1]
    for scale in (0, 2, 6, 12, 18):
        exact = windows._decimals(pl.Series("x", values, dtype=pl.Int64), scale).to_list()
        assert [int(each.scaleb(scale)) for each in exact] == values


@pytest.mark.parametrize(
    "body", [b"", b"PSCOLS01", b"PSCOLS01" + b"\xff" * 8, b"x" * 64, b"PSCOLS01" + bytes(8) + b"{}"]
)
def test_what_is_no_window_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="SERVER_UNKNOWN"):
        windows.decode(body)
