"""Publishing, versions, and runs from the command line, with the real supervisor and real runs."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from periscope.runs.store.store import Store, StorePlace
from tests.cli.anywhere import PLACES, anywhere
from tests.cli.command import Command

WEEKS = ("--start", "2023-10-02", "--end", "2023-10-13")
SCHEMA = '{"type": "object", "properties": {"length": {"type": "integer", "minimum": 1, "default": 5}}}'


@pytest.fixture(params=PLACES)
def periscope_command(request: pytest.FixtureRequest, periscope_command: Command) -> Iterator[Command]:
    """Runs `periscope ...` against the workspace here, or through a server of it."""
    with anywhere(request.param, periscope_command) as command:
        yield command


@pytest.fixture
def desk(periscope_command: Command, tmp_path: Path, sample_market: Path) -> Path:
    """A workspace with the sample data and the strategy `cross`."""
    assert periscope_command("init").code == 0
    shutil.copytree(sample_market, tmp_path / "catalog")
    assert periscope_command("new", "cross").code == 0
    return tmp_path


def test_publish_numbers_versions_by_their_contents(periscope_command: Command, workspace: Path) -> None:
    assert periscope_command("publish", "cross", "--json").json["version"] == "cross@1"
    again = periscope_command("publish", "cross", "--json").json
    assert (again["version"], again["published"]) == ("cross@1", False)
    code = workspace / "strategies" / "cross" / "strategy.py"
    code.write_text(code.read_text() + "\n# changed\n")
    assert periscope_command("diff", "cross@1", "cross").code == 10
    assert periscope_command("publish", "cross", "--json").json["version"] == "cross@2"
    listed = periscope_command("versions", "cross", "--json").json["versions"]
    assert [each["version"] for each in listed] == ["cross@2", "cross@1"]
    changes = periscope_command("diff", "cross@1", "cross@2", "--json").json
    assert [(each["file"], each["change"]) for each in changes["files"]] == [("strategy.py", "changed")]
    assert "+# changed" in changes["files"][0]["diff"]
    assert periscope_command("diff", "cross@2", "cross").code == 0


def test_publish_says_every_problem_at_once_and_keeps_nothing(periscope_command: Command, workspace: Path) -> None:
    folder = workspace / "strategies" / "cross"
    (folder / "strategy.py").write_text("class Strategy: pass\n")
    (folder / "config_schema.json").write_text('{"type": "array"}')
    outcome = periscope_command("publish", "cross", "--json")
    assert outcome.code == 3
    assert {each["code"] for each in outcome.json["problems"]} >= {"STRATEGY_BASE", "SCHEMA_NOT_OBJECT"}
    assert periscope_command("versions", "--json").json == {"versions": []}


def test_a_version_leaves_and_comes_back_as_an_archive(periscope_command: Command, workspace: Path) -> None:
    first = periscope_command("publish", "cross", "--json").json
    assert periscope_command("versions", "cross@1", "--export", "one.zip").code == 0
    assert periscope_command("versions", "cross", "--export", "two.zip").code == 0
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()
    back = periscope_command("publish", "one.zip", "--name", "other", "--json").json
    assert (back["version"], back["hash"]) == ("other@1", first["hash"])
    Path("one.zip").write_bytes(Path("two.zip").read_bytes()[:-30])
    bad = periscope_command("publish", "one.zip", "--name", "bad", "--json")
    assert (bad.code, [each["code"] for each in bad.json["problems"]]) == (3, ["ARCHIVE_INVALID"])


def test_a_published_run_gives_what_backtest_gives(periscope_command: Command, desk: Path) -> None:
    assert periscope_command("publish", "cross").code == 0
    direct = periscope_command("backtest", "cross@1", *WEEKS, "--json", "--quiet").json
    assert direct["strategy"]["path"] == "cross@1"
    made = periscope_command("runs", "create", "cross@1", *WEEKS, "--json").json
    assert made["status"] == "new"
    (desk / "strategies" / "cross" / "strategy.py").write_text("edited later, which changes no run")
    done = periscope_command("runs", "start", str(made["run"]), "--wait", "--json")
    assert done.code == 0, done.err
    (run,) = done.json["runs"]
    assert (run["status"], run["result"]["hash"]) == ("complete", direct["hash"])
    assert {"orders.parquet", "fills.parquet", "equity.parquet", "result.json", "logs.jsonl"} <= run["files"].keys()
    assert run["final_value"] == direct["final_value"]
    _refusals(periscope_command, run["run"])
    assert periscope_command("runs", "reset", str(run["run"]), "--json").json["files"] == {}
    copied = periscope_command("runs", "copy", str(run["run"]), "--json").json
    assert (copied["copied_from"], copied["config"]) == (run["run"], made["config"])
    assert periscope_command("runs", "delete", str(run["run"])).code == 0
    assert periscope_command("runs", "show", str(run["run"])).code == 6
    _no_leftovers(desk)


def test_what_was_started_goes_on_though_the_next_could_not_be(periscope_command: Command, desk: Path) -> None:
    assert periscope_command("publish", "cross").code == 0
    run = str(periscope_command("runs", "create", "cross", *WEEKS, "--json").json["run"])
    assert periscope_command("runs", "start", run, "77").code == 6
    deadline = time.monotonic() + 60
    while (status := periscope_command("runs", "show", run, "--json").json["status"]) in ("starting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert status == "complete"


def _refusals(command: Command, run: int) -> None:
    """What an ended run refuses; nothing is changed by it."""
    for words in (("start", str(run)), ("stop", str(run)), ("kill", str(run)), ("edit", str(run), "--set", "a=1")):
        outcome = command("runs", *words, "--json")
        assert outcome.code in (2, 3), outcome.out
    assert command("runs", "show", str(run), "--json").json["status"] == "complete"


def _no_leftovers(desk: Path) -> None:
    """When all is over, nothing is left of what processes worked with."""
    deadline = time.monotonic() + 20
    while any((desk / "store" / "work").glob("*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list((desk / "store" / "work").glob("*"))
    with Store(StorePlace(desk / "store")) as store:
        assert store.files.collect(store.names) == 0


def test_a_config_is_checked_and_edited_only_while_new(periscope_command: Command, desk: Path) -> None:
    (desk / "strategies" / "cross" / "config_schema.json").write_text(
        json.dumps(json.loads((desk / "strategies" / "cross" / "config_schema.json").read_text()) | {"title": "t"})
    )
    assert periscope_command("publish", "cross").code == 0
    bad = periscope_command("runs", "create", "cross", "--core", "fill_modle=x", "--set", "length=-1", "--json")
    assert bad.code == 3
    assert len(bad.json["error"]["problems"]) == 2, bad.out
    run = periscope_command("runs", "create", "cross", "--core", "slippage.ticks=1", "--json").json
    edited = periscope_command("runs", "edit", str(run["run"]), "--core", "slippage.ticks=2", "--json").json
    assert edited["config"]["core"]["slippage"]["ticks"] == 2
    assert periscope_command("runs", "list", "--status", "new", "--json").json["runs"][0]["run"] == run["run"]
    assert periscope_command("runs", "list", "--status", "nw").code == 2
