"""The profile `lean` on data that was not LEAN's: when its daily bars are complete."""

from pathlib import Path

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.runs.lean_feed import LeanFeed
from tests.runs.lab import AAA, HOUR, Lab, at, future, table


def test_a_daily_bar_of_a_future_is_complete_when_its_session_ends_and_not_a_day_before(tmp_path: Path) -> None:
    """Its session begins on the evening before its date; LEAN's own daily bars begin at midnight."""
    contract = future("XXH4", None)
    days = table("2024-01-21 18:00 100 101 99 100 5\n2024-01-22 18:00 100 101 99 101 5", length=23 * HOUR)
    lab = Lab(tmp_path).add(contract, day=days)
    lab.add(AAA, day=table("2024-01-22 09:30 100 101 99 100 5", length=6 * HOUR + HOUR // 2))
    midnights = table("2024-01-22 00:00 100 101 99 100 5\n2024-01-23 00:00 100 101 99 101 5", length=24 * HOUR)
    lab.add(future("XXM4", None), day=midnights)
    feed = LeanFeed(lab.catalog, at("2024-01-21 00:00"), at("2024-01-24 00:00"), extended=True)
    ends = {}
    for symbol, kind in (("XXH4", contract.asset_type), ("XXM4", contract.asset_type), ("AAA", AAA.asset_type)):
        instrument = feed.get(symbol, kind)
        assert instrument is not None
        series = feed.series(instrument, BarTimeSpan.DAY)
        assert series is not None
        series.reach(at("2024-01-24 00:00"))
        ends[symbol] = series.end.tolist()
    assert ends["XXH4"] == ends["XXM4"] == [at("2024-01-22 17:00"), at("2024-01-23 17:00")]
    assert ends["AAA"] == [at("2024-01-22 16:00")]
