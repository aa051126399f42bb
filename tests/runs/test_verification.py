"""Running a finished run again: an honest one is the same, a changed one is caught and named, a peeking one too."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.backtest import Tuning
from periscope.runs.comparison import first_difference
from periscope.runs.journal import BARS, JOURNAL, JournalDamagedError, read_checkpoints, read_lines, zstd
from periscope.runs.verification import NotARunError, verify
from tests.runs.lab import AAA, Lab, Ran, bars, walk

CROSS = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("100000"), register()]

    async def on_bar(self, event):
        self.bars += 1
        if self.bars % 7 == 0:
            return [order("BUY", 1 + self.bars % 5)]
        return [order("CLOSE")] if self.bars % 7 == 3 and self.bars > 7 else []
"""

PEEKS = """
import sys

class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("100000"), register()]

    def rows_ahead(self, event):
        frame = sys._getframe()
        found = 0
        while frame is not None:
            made = getattr(frame.f_locals.get("self"), "_events", [])
            found += sum(each is not None and each.simulation_time > event.simulation_time for each in made)
            frame = frame.f_back
        return found

    async def on_bar(self, event):
        self.bars += 1
        if self.bars == 5 and self.rows_ahead(event) > 0:
            return [order("BUY", 10)]
        return []
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run of CROSS, which every test gets a copy of."""
    return Lab(tmp_path_factory.mktemp("made")).add(AAA, minute=walk("09:30", 300)).run(CROSS)


@pytest.fixture
def lab(tmp_path: Path, made: Ran) -> Lab:
    shutil.copytree(made.out.parent / "catalog", tmp_path / "catalog")
    return Lab(tmp_path)


@pytest.fixture
def ran(tmp_path: Path, made: Ran) -> Ran:
    return replace(made, out=shutil.copytree(made.out, tmp_path / "crossed"))


def test_an_honest_run_is_the_same_when_it_is_run_again(lab: Lab, ran: Ran) -> None:
    verdict = verify(ran.out, lab.catalog)
    assert verdict.holds, verdict
    assert verdict.hash == verdict.hash_again == ran.document["hash"]


def test_it_is_the_same_one_bar_at_a_time(lab: Lab, ran: Ran) -> None:
    assert verify(ran.out, lab.catalog, strict=True).holds


def test_a_strategy_that_digs_future_bars_out_of_memory_is_found_by_the_strict_way_only(lab: Lab) -> None:
    ran = lab.run(PEEKS)
    assert ran.document["fills"] == 1, "the strategy should have found the block's later rows"
    assert verify(ran.out, lab.catalog).holds
    verdict = verify(ran.out, lab.catalog, strict=True)
    assert not verdict.holds
    assert str(verdict.difference).startswith(
        "after 5 bars the first run has at 2024-01-22T14:35:00Z the action PlaceOrderAction"
    )


def test_another_strategy_in_the_kept_folder_is_found(lab: Lab, ran: Ran) -> None:
    kept = ran.out / "strategy" / "strategy.py"
    kept.write_text(kept.read_text().replace("% 7 == 0", "% 7 == 1"))
    verdict = verify(ran.out, lab.catalog)
    assert not verdict.holds
    assert "the kept strategy is version" in verdict.tampered[0]
    assert verdict.difference is not None
    assert verdict.difference.bars == 1


def test_another_config_in_the_result_is_found(lab: Lab, ran: Ran) -> None:
    document = json.loads((ran.out / "result.json").read_text())
    document["config"]["core"]["slippage"] = {"ticks": 3}
    (ran.out / "result.json").write_text(json.dumps(document))
    verdict = verify(ran.out, lab.catalog)
    assert not verdict.holds
    assert any(fact.startswith("the models differs") or "models" in fact for fact in verdict.facts)


def test_another_hash_in_the_result_is_found(lab: Lab, ran: Ran) -> None:
    document = json.loads((ran.out / "result.json").read_text())
    document["hash"] = "0" * 64
    (ran.out / "result.json").write_text(json.dumps(document))
    assert not verify(ran.out, lab.catalog).holds


def test_a_changed_line_of_the_journal_is_named(lab: Lab, ran: Ran, tmp_path: Path) -> None:
    path = ran.out / JOURNAL
    lines = zstd.decompress(path.read_bytes()).splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if b'"FILLED"' in line)
    lines[place] = lines[place].replace(b'"FILLED"', b'"EXPIRED"')
    path.write_bytes(zstd.compress(b"".join(lines)))
    verdict = verify(ran.out, lab.catalog)
    assert not verdict.holds
    assert "has at 2024-01-22T14:37:00Z the order update EXPIRED in AAA" in str(verdict.difference)
    assert "the second at 2024-01-22T14:37:00Z the order update FILLED in AAA" in str(verdict.difference)


def test_other_data_is_named_with_the_bars_that_it_changed(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    columns = walk("09:30", 300)
    ran = Lab(tmp_path / "first").add(AAA, minute=columns).run(CROSS)
    rows = [[int(getattr(columns, name)[n]) for name in columns.NAMES] for n in range(300)]
    rows[250][5] += 1
    rows[250][3] = max(rows[250][3], rows[250][5])
    verdict = verify(ran.out, Lab(tmp_path / "second").add(AAA, minute=bars(rows)).catalog)
    assert not verdict.holds
    assert "AAA" in verdict.data[0]
    assert verdict.difference is not None


def test_revised_data_is_named_and_the_run_is_repeated_over_what_it_read(lab: Lab, ran: Ran) -> None:
    revised = walk("09:30", 300, first=10_500)
    lab.catalog.write_bars(AAA, BarTimeSpan.MINUTE, revised, source="revised", replace=True)
    verdict = verify(ran.out, lab.catalog)
    assert verdict.holds
    assert verdict.data[0].startswith("AAA"), verdict.data
    assert lab.run(CROSS).document["hash"] != ran.document["hash"]


def test_a_stopped_run_is_compared_as_far_as_it_went(lab: Lab) -> None:
    seen: list[int] = []

    def stop(progress: Any) -> bool:
        seen.append(progress.bars)
        return bool(progress.bars < 40)

    ran = lab.run(CROSS, progress=stop, tuning=Tuning(block_rows=8))
    if ran.document["status"] != "stopped":
        pytest.skip("the run was over before it was asked to stop")
    verdict = verify(ran.out, lab.catalog)
    assert verdict.holds
    assert verdict.stopped


def test_a_run_that_failed_fails_again_in_the_same_place(lab: Lab) -> None:
    ran = lab.run(CROSS.replace("self.bars += 1", "self.bars += 1\n        assert self.bars < 50"))
    assert ran.document["status"] == "error"
    assert verify(ran.out, lab.catalog).holds


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_the_journal_does_not_depend_on_the_size_of_blocks(lab: Lab, block: int) -> None:
    folder = lab.bundle(CROSS)
    usual, other = lab.run(folder), lab.run(folder, tuning=Tuning(block_rows=block))
    assert first_difference(usual.out, other.out) is None
    assert (usual.out / BARS).read_bytes() == (other.out / BARS).read_bytes()


def test_bars_are_hashed_at_every_checkpoint(tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(AAA, minute=walk("2024-01-02 09:30", 390 * 20))
    ran = lab.run(CROSS.replace("% 7 == 0", "% 7 == 9"), start="2024-01-02", end="2024-02-20")
    counts = [checkpoint.bars for checkpoint in read_checkpoints(ran.out)]
    bars_delivered = ran.document["bars"]
    assert counts == [*range(4096, bars_delivered, 4096), bars_delivered]


@pytest.mark.parametrize("name", [JOURNAL, BARS, "strategy", "result.json"])
def test_a_folder_that_lacks_evidence_says_what(lab: Lab, ran: Ran, name: str) -> None:
    gone = ran.out / name
    if gone.is_dir():
        for each in gone.iterdir():
            each.unlink()
        gone.rmdir()
    else:
        gone.unlink()
    with pytest.raises(NotARunError, match=name):
        verify(ran.out, lab.catalog)


@pytest.mark.parametrize("content", [b"", b"no zstd", b"\x28\xb5\x2f\xfd\x00"])
def test_a_damaged_journal_is_said(lab: Lab, ran: Ran, content: bytes) -> None:
    (ran.out / JOURNAL).write_bytes(content)
    with pytest.raises(JournalDamagedError, match="can't be read"):
        list(read_lines(ran.out))


def test_a_table_of_an_earlier_release_may_lack_a_column_but_not_say_otherwise(lab: Lab, ran: Ran) -> None:
    path = ran.out / "fills.parquet"
    fills = pl.read_parquet(path)
    fills.drop("rule").write_parquet(path)
    assert verify(ran.out, lab.catalog).holds
    fills.drop("rule").with_columns(price=pl.col("price") + 1).write_parquet(path)
    assert any("fills.parquet" in each for each in verify(ran.out, lab.catalog).tampered)
