"""What a run read is recorded, stays readable, and what changed since is named."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.cli.main import main
from periscope.instruments.instrument import MarginPeriod
from periscope.market.catalog import Catalog
from periscope.market.local_files import LocalFiles
from periscope.runs.data_difference import DataDifference, data_difference
from periscope.runs.recorded import RecordedError, VersionGoneError, as_recorded, read_recorded
from tests.runs.lab import AAA, BBB, Lab, Ran, at, future, table, walk

MINUTE = BarTimeSpan.MINUTE
START = "2024-01-22T15:00:00Z"
BUYER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("AAA"), cash("1000000")]
    async def on_bar(self, event):
        self.bars += 1
        return [order("BUY" if self.bars % 20 else "CLOSE", 1)] if self.bars % 10 == 0 else []
"""


@pytest.fixture
def ran(lab: Lab) -> Ran:
    return lab.run(BUYER, start="10:00", end="12:00")


def revise(lab: Lab, local: str, **columns: int) -> None:
    """Give one stored bar of AAA other values and import it anew."""
    [stored] = lab.catalog.all_bars(AAA, MINUTE, at(local), at(local) + 60_000_000)
    changed = {name: np.array([value], dtype=np.int64) for name, value in columns.items()}
    lab.catalog.write_bars(AAA, MINUTE, replace(stored, **changed), source="a revision", replace=True)


def differences(ran: Ran, catalog: Catalog) -> list[DataDifference]:
    return data_difference(read_recorded(ran.document), Catalog.open(catalog.root))


def test_a_run_records_what_it_read(ran: Ran, lab: Lab) -> None:
    [line] = ran.document["data"]
    assert line["files"] == lab.catalog.fingerprint(AAA, MINUTE)
    assert line["instrument"] == {"exchange": "XNYS", "price_scale": 2}
    assert (line["corporate_actions"], ran.document["also_read"]) == (None, [])
    assert differences(ran, lab.catalog) == []


def test_margins_by_date_that_stay_are_no_difference(lab: Lab) -> None:
    margins = (MarginPeriod(first_day=date(2024, 1, 1), initial=Decimal(1000), maintenance=Decimal(900)),)
    rising = future("XXU4", None, margins=margins)
    lab.add(rising, minute=walk("09:30", 30))
    ran = lab.run(BUYER.replace('register("AAA")', 'register("XXU4", FUTURE)'), end="10:30")
    assert differences(ran, lab.catalog) == []
    lab.catalog.add_instruments([replace(rising, margins=(replace(margins[0], initial=Decimal(1200)),))])
    assert [found.code for found in differences(ran, lab.catalog)] == ["INSTRUMENT_CHANGED"]


def test_a_revised_bar_is_named(ran: Ran, lab: Lab) -> None:
    [old] = lab.catalog.fingerprint(AAA, MINUTE)
    revise(lab, "10:05", close=777, high=20_000)
    [found] = differences(ran, lab.catalog)
    assert (found.code, found.added, found.removed, found.changed) == ("BARS_CHANGED", 0, 0, 1)
    assert found.first is not None
    before = found.first["before"]
    assert found.first == {"time": "2024-01-22T15:05:00Z", "column": "high", "before": before, "after": "200.00"}
    assert found.files_before == (old["file"],)
    assert found.message == (
        f"AAA (EQUITY) minute bars: 1 changed; the first at 2024-01-22T15:05:00Z: high was {before}, is 200.00."
        f" The run read {old['file']}; now it is {lab.catalog.fingerprint(AAA, MINUTE)[0]['file']}"
    )


@pytest.mark.parametrize("where", ["09:45", "13:00"])
def test_what_the_run_did_not_see_is_no_difference(ran: Ran, lab: Lab, where: str) -> None:
    revise(lab, where, volume=7)
    assert differences(ran, lab.catalog) == []


def test_added_bars_count_where_the_run_would_see_them(lab: Lab) -> None:
    ran = lab.run(BUYER, start="09:30", end="17:00")
    lab.catalog.write_bars(AAA, MINUTE, table("16:30 100 101 99 100 5"), source="after hours")
    assert differences(ran, lab.catalog) == []
    extended = lab.run(BUYER, start="09:30", end="17:30", core={"hours": "extended"})
    lab.catalog.write_bars(AAA, MINUTE, table("16:31 100 101 99 100 5"), source="after hours")
    [found] = differences(extended, lab.catalog)
    assert (found.added, found.first and found.first["time"]) == (1, "2024-01-22T21:31:00Z")
    assert "2024-01-22T21:31:00Z, which was not there then" in found.message


def test_the_catalog_as_of_a_run_gives_the_same_run(ran: Ran, lab: Lab) -> None:
    for close in (777, 778, 779):
        revise(lab, "10:30", close=close)
    changed = lab.run(BUYER, start="10:00", end="12:00")
    assert changed.document["hash"] != ran.document["hash"]
    now, lab.catalog = lab.catalog, as_recorded(Catalog.open(lab.catalog.root), read_recorded(ran.document))
    again = lab.run(BUYER, start="10:00", end="12:00")
    assert again.document["hash"] == ran.document["hash"]
    assert again.document["data"] == ran.document["data"]
    assert [each.code for each in differences(again, now)] == ["BARS_CHANGED"]


def test_a_version_that_was_cleared_away_is_said(ran: Ran, lab: Lab) -> None:
    revise(lab, "10:05", volume=7)
    removed = lab.catalog.prune()
    assert len(removed) == 2  # the file and what was noted about it
    assert lab.catalog.leftovers() == []
    lab.catalog.verify()
    [found] = differences(ran, lab.catalog)
    assert found.code == "VERSION_GONE"
    assert "it can't be said which bars changed" in found.message
    with pytest.raises(VersionGoneError, match="cleared away, or this is another catalog"):
        as_recorded(lab.catalog, read_recorded(ran.document))


def test_a_version_that_was_removed_by_hand_is_said(ran: Ran, lab: Lab) -> None:
    revise(lab, "10:05", volume=7)
    [earlier] = lab.catalog.earlier_files("EQUITY/AAA/minute")
    (lab.catalog.root / "superseded" / f"{earlier.file.sha256}.parquet").unlink()
    assert lab.catalog.earlier_files("EQUITY/AAA/minute") == []
    assert [each.code for each in differences(ran, lab.catalog)] == ["VERSION_GONE"]


@pytest.mark.parametrize("removals", [0, 1])
def test_clearing_away_may_be_cut_off_anywhere(
    ran: Ran, lab: Lab, removals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    revise(lab, "10:05", volume=7)
    remove, removed = LocalFiles.remove, list[str]()

    def cut_off(files: LocalFiles, name: str) -> None:
        if len(removed) == removals:
            raise KeyboardInterrupt
        removed.append(name)
        remove(files, name)

    with monkeypatch.context() as patch:
        patch.setattr(LocalFiles, "remove", cut_off)
        with pytest.raises(KeyboardInterrupt):
            lab.catalog.prune()
    assert [each.code for each in differences(ran, lab.catalog)] == [
        "BARS_CHANGED" if removals == 0 else "VERSION_GONE"
    ]
    lab.catalog.prune()
    assert lab.catalog.leftovers() == []


def test_changed_facts_and_a_lost_instrument_are_named(ran: Ran, lab: Lab) -> None:
    lab.catalog.add_instruments([replace(AAA, tick=Decimal("0.05"))])
    [found] = differences(ran, lab.catalog)
    assert (found.code, found.message) == ("INSTRUMENT_CHANGED", "AAA (EQUITY): tick was not told, is 0.05")
    elsewhere = Lab(lab.folder / "other").add(BBB, minute=walk("09:30", 5))
    [lost] = differences(ran, elsewhere.catalog)
    assert lost.code == "INSTRUMENT_GONE"


def test_changed_corporate_actions_are_named(ran: Ran, lab: Lab) -> None:
    lab.catalog.files.replace("corporate_actions/EQUITY/AAA.json", b'{"format": 1, "symbol": "AAA"}')
    [found] = differences(ran, lab.catalog)
    assert found.code == "CORPORATE_ACTIONS_CHANGED"
    assert "the catalog knew of none then" in found.message


def test_what_decided_the_front_month_is_recorded(lab: Lab) -> None:
    day = 24 * 3600 * 1_000_000
    for symbol, volume in (("XXH24", 10), ("XXM24", 20)):
        rows = table("2024-01-18 00:00 100 101 99 100 0\n2024-01-19 00:00 100 101 99 100 0", length=day)
        daily = replace(rows, volume=rows.volume + volume)
        expires = "2024-03-15 09:30" if symbol == "XXH24" else "2024-06-21 09:30"
        lab.add(future(symbol, expires), day=daily)
    ran = lab.run("""
class Strategy(Base):
    async def on_start(self, as_of_time):
        print(await self.data.get_front_month_contract_by_volume("XX", as_of_time))
        return [register("AAA"), cash("1000")]
""")
    names = [line["series"] for line in ran.document["also_read"]]
    assert ran.said == ["XXM24"]
    assert names == ["FUTURE/XXH24/day", "FUTURE/XXM24/day"]
    assert differences(ran, lab.catalog) == []
    instrument = lab.catalog.instruments.get("XXH24", AssetType.FUTURE)
    assert instrument is not None
    [bars] = list(lab.catalog.all_bars(instrument, BarTimeSpan.DAY, 0, 2**60))
    more = replace(bars, volume=bars.volume + np.array([0, 50]))
    lab.catalog.write_bars(instrument, BarTimeSpan.DAY, more, source="a revision", replace=True)
    [found] = differences(ran, lab.catalog)
    assert (found.code, found.series, found.changed) == ("BARS_CHANGED", "XXH24 (FUTURE) day bars", 1)
    assert found.first == {"time": "2024-01-19T05:00:00Z", "column": "volume", "before": "10", "after": "60"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": 3},
        {"data": [{"symbol": "A"}]},
        {"data": [], "start": "x", "end": "y"},
        {"data": [], "start": START, "end": START, "also_read": [{"series": "a", "files": []}]},
        {"data": [], "start": START, "end": START, "also_read": [{"series": "EQUITY/A/year", "files": []}]},
        {"data": [], "start": START, "end": START, "also_read": [{"series": "EQUITY/A/day-x", "files": []}]},
    ],
)
def test_what_is_no_result_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(RecordedError, match="does not say what a run read"):
        read_recorded(document)


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(words))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_command_says_the_difference(ran: Ran, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "data", "diff", str(ran.out))
    assert (code, out) == (0, "the same: 1 series that the run read, as they were\n")
    revise(lab, "10:05", volume=7)
    code, out, _ = ask(capsys, "data", "diff", str(ran.out / "result.json"))
    assert code == 10
    assert out.startswith(
        "BARS_CHANGED: AAA (EQUITY) minute bars: 1 changed; the first at 2024-01-22T15:05:00Z: volume"
    )
    code, out, _ = ask(capsys, "data", "diff", str(ran.out), "--json", "--catalog", str(lab.catalog.root))
    document = json.loads(out)
    assert (code, document["same"], [each["code"] for each in document["differences"]]) == (10, False, ["BARS_CHANGED"])


def test_the_command_refuses_what_is_no_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ask(capsys, "data", "diff", str(tmp_path / "nothing"))
    assert (code, "NOT_FOUND" in err) == (6, True)
    for content in ("[1]", "no JSON", "[" * 100_000, "\udcff"):
        (tmp_path / "result.json").write_text(content, errors="surrogateescape")
        code, _, err = ask(capsys, "data", "diff", str(tmp_path))
        assert (code, "RESULT_UNREADABLE" in err) == (2, True), content[:20]


def test_versions_are_listed_and_cleared_away_on_request(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(lab.catalog.root)
    [first] = lab.catalog.fingerprint(AAA, MINUTE)
    code, out, err = ask(capsys, "data", "versions", "aaa", "--catalog", root)
    assert (code, "current" in out, "no earlier version" in err) == (0, True, True)
    revise(lab, "10:05", volume=7)
    [second] = lab.catalog.fingerprint(AAA, MINUTE)
    code, out, _ = ask(capsys, "data", "versions", "AAA", "--catalog", root, "--json")
    rows = json.loads(out)["files"]
    assert [(row["state"], row["sha256"]) for row in rows] == [
        ("current", second["sha256"]),
        ("earlier", first["sha256"]),
    ]
    assert rows[1]["change"] == f"replaced by {str(second['sha256'])[:12]}: 0 added, 1 changed from a revision"
    code, out, err = ask(capsys, "data", "prune", "--catalog", root)
    assert (code, out.startswith("could be removed: 1 earlier files"), "--yes" in err) == (0, True, True)
    assert (lab.catalog.root / "superseded" / f"{first['sha256']}.parquet").is_file()
    code, out, _ = ask(capsys, "data", "prune", "--catalog", root, "--yes")
    assert (code, out.startswith("removed: 1 earlier files")) == (0, True)
    assert not list((lab.catalog.root / "superseded").rglob("*.*"))
    assert ask(capsys, "data", "versions", "NONE", "--catalog", root)[0] == 6


def test_a_file_that_became_current_again_is_not_earlier(lab: Lab) -> None:
    [line] = lab.catalog.all_bars(AAA, MINUTE, at("10:05"), at("10:06"))
    volume = int(line.volume[0])
    revise(lab, "10:05", volume=7)
    revise(lab, "10:05", volume=volume)
    name = "EQUITY/AAA/minute"
    assert len(lab.catalog.earlier_files(name)) == 1
    lab.catalog.prune()
    lab.catalog.verify()
    assert lab.run(BUYER, start="10:00", end="12:00").document["status"] == "complete"
