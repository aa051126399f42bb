"""Drafts from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.anywhere import PLACES, anywhere
from tests.cli.command import Command


@pytest.fixture(params=PLACES)
def command(request: pytest.FixtureRequest, workspace: Path, periscope_command: Command) -> Iterator[Command]:
    """The command in a workspace, asking its store or a server of it."""
    with anywhere(request.param, periscope_command) as run:
        yield run


def test_a_draft_from_start_to_version(command: Command, workspace: Path) -> None:
    made = command("drafts", "create", "mine", "--json").json
    assert [file["file"] for file in made["files"]] == ["config_schema.json", "strategy.py"]
    assert command("drafts", "create", "mine").code == 2
    Path("helper.py").write_text("VALUE = 1\n")
    put = command("drafts", "put", "mine", "helper.py", "--json").json
    tag = next(file["tag"] for file in put["files"] if file["file"] == "helper.py")
    Path("helper.py").write_text("VALUE = 2\n")
    unseen = command("drafts", "put", "mine", "helper.py", "--json")
    assert (unseen.code, unseen.json["error"]["code"]) == (2, "DRAFT_FILE_EXISTS")
    assert command("drafts", "put", "mine", "helper.py", "--tag", tag).code == 0
    Path("helper.py").write_text("VALUE = 3\n")
    late = command("drafts", "put", "mine", "helper.py", "--tag", tag, "--json")
    assert (late.code, late.json["error"]["code"]) == (2, "DRAFT_CHANGED")
    assert command("drafts", "check", "mine", "--json").json["valid"]
    published = command("drafts", "publish", "mine", "--json").json
    assert (published["version"], published["published"]) == ("mine@1", True)
    assert command("drafts", "put", "mine", "helper.py", "--overwrite").code == 0
    changes = command("diff", "mine@1", "mine@draft", "--json")
    assert (changes.code, [each["file"] for each in changes.json["files"]]) == (10, ["helper.py"])
    assert "+VALUE = 3" in changes.json["files"][0]["diff"]
    assert command("drafts", "remove", "mine", "helper.py").code == 0
    (listed,) = command("drafts", "list", "--json").json["drafts"]
    assert (listed["draft"], listed["based_on"], len(listed["files"])) == ("mine", "mine@1", 2)
    assert command("drafts", "delete", "mine").code == 0
    assert command("drafts", "show", "mine").code == 6
    assert command("versions", "mine@1").code == 0


def test_a_draft_starts_from_whatever_holds_a_bundle(command: Command, workspace: Path) -> None:
    assert command("publish", "cross").code == 0
    assert command("versions", "cross@1", "--export", "one.zip").code == 0
    sources = {"a": "cross@1", "b": "one.zip", "c": "cross", "d": "strategies/cross", "e": "moving_averages"}
    for name, source in sources.items():
        assert command("drafts", "create", name, "--from", source).code == 0, source
    tags = {draft["draft"]: draft["tag"] for draft in command("drafts", "list", "--json").json["drafts"]}
    assert len({tags[name] for name in "abcd"}) == 1
    assert tags["e"] != tags["a"]
    for source, code in {"nowhere": 6, "cross@9": 6}.items():
        assert command("drafts", "create", "x", "--from", source).code == code
    Path("bad.zip").write_bytes(Path("one.zip").read_bytes()[:-9])
    bad = command("drafts", "create", "x", "--from", "bad.zip", "--json")
    assert (bad.code, [each["code"] for each in bad.json["error"]["problems"]]) == (3, ["ARCHIVE_INVALID"])
    assert command("drafts", "create", "../x").code == 2


def test_files_come_out_as_they_went_in(command: Command, workspace: Path) -> None:
    assert command("drafts", "create", "mine", "--from", "cross").code == 0
    code = (workspace / "strategies" / "cross" / "strategy.py").read_text()
    assert command("drafts", "get", "mine", "--out", "copy").code == 0
    assert Path("copy/strategy.py").read_text() == code
    assert command("drafts", "get", "mine", "strategy.py", "--out", "one.py").code == 0
    assert Path("one.py").read_text() == code
    assert command("drafts", "get", "mine", "nothing.py").code == 6
    assert command("drafts", "get", "mine", "--out", "copy").code == 2, "nothing is overwritten"
    assert command("drafts", "put", "mine", "one.py", "--as", "../one.py").code == 3
    assert command("drafts", "put", "mine", "nowhere.py").code == 2


def test_every_problem_of_a_draft_is_said_at_once(command: Command, workspace: Path) -> None:
    assert command("drafts", "create", "mine").code == 0
    Path("strategy.py").write_text("class Strategy: pass\n")
    Path("config_schema.json").write_text('{"type": "array"}')
    for name in ("strategy.py", "config_schema.json"):
        assert command("drafts", "put", "mine", name, "--overwrite").code == 0
    for word in ("check", "publish"):
        outcome = command("drafts", word, "mine", "--json")
        assert outcome.code == 3
        assert {each["code"] for each in outcome.json["problems"]} >= {"STRATEGY_BASE", "SCHEMA_NOT_OBJECT"}
    assert "mine/strategy.py:1" in command("drafts", "check", "mine").out
    assert command("versions", "--json").json == {"versions": []}


def test_what_nothing_names_is_cleaned_away(periscope_command: Command, workspace: Path) -> None:
    assert periscope_command("drafts", "create", "mine").code == 0
    stray = workspace / "store" / "files" / "00" / ("0" * 64)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"left by a process that was killed")
    upload = workspace / "store" / "work" / "upload-0:0:1:1-cut_short"
    upload.mkdir(parents=True)
    assert periscope_command("store", "clean", "--json").json == {"removed": 1}
    assert upload.is_dir(), "of another machine's process nothing is known"
    assert periscope_command("store", "check").code == 0
    assert periscope_command("drafts", "get", "mine", "strategy.py", "--out", "s.py").code == 0
