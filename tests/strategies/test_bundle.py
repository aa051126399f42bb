"""What a folder must hold to be a bundle, and how its version comes about."""

import os
from pathlib import Path

import pytest

from periscope.strategies import bundle as limits
from periscope.strategies.bundle import bundle_version
from periscope.strategies.static_check import CheckResult, check_bundle
from tests.strategies.bundles import GOOD_SCHEMA, write_bundle


def codes(result: CheckResult) -> list[tuple[str, str]]:
    return [(problem.code, problem.file) for problem in result.problems]


def test_a_good_bundle_is_read(tmp_path: Path) -> None:
    result = check_bundle(write_bundle(tmp_path / "b", signals="FAST = 5\n"))
    assert result.problems == []
    assert result.warnings == []
    assert result.bundle is not None
    assert sorted(result.bundle.files) == ["config_schema.json", "signals.py", "strategy.py"]
    assert result.bundle.schema == GOOD_SCHEMA
    assert result.bundle.root == tmp_path / "b"


def test_the_version_is_that_of_the_contents_alone(tmp_path: Path) -> None:
    one = check_bundle(write_bundle(tmp_path / "one")).bundle
    two = check_bundle(write_bundle(tmp_path / "two")).bundle
    assert one is not None
    assert two is not None
    assert one.version == two.version == bundle_version(one.files)
    assert len(one.version) == 64
    other = check_bundle(write_bundle(tmp_path / "two", signals="")).bundle
    assert other is not None
    assert other.version != one.version


def test_the_version_tells_names_lengths_and_contents_apart() -> None:
    files = [{"a": b"1"}, {"b": b"1"}, {"a": b"2"}, {"a": b"1", "b": b""}, {"a": b"", "b": b"1"}, {"a": b"1b"}]
    assert len({bundle_version(each) for each in files}) == len(files)
    assert bundle_version({"a": b"1", "b": b"2"}) == bundle_version({"b": b"2", "a": b"1"})


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    assert codes(check_bundle(tmp_path)) == [("FILE_MISSING", "strategy.py"), ("FILE_MISSING", "config_schema.json")]
    (tmp_path / "strategy.py").write_text(" \n")
    (tmp_path / "config_schema.json").write_text("")
    assert codes(check_bundle(tmp_path)) == [("FILE_EMPTY", "strategy.py"), ("FILE_EMPTY", "config_schema.json")]


def test_no_folder_is_said_so(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    for path in (tmp_path / "nowhere", bundle / "strategy.py"):
        result = check_bundle(path)
        assert result.bundle is None
        assert [problem.code for problem in result.problems] == ["BUNDLE_NOT_FOUND"]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    (bundle / "run.json").write_text("{}")
    (bundle / ".git").mkdir()
    (bundle / "__pycache__").mkdir()
    (bundle / "__pycache__" / "x.py").write_text("")
    (bundle / "notes").mkdir()
    result = check_bundle(bundle)
    assert result.bundle is not None
    assert len(result.bundle.files) == 2
    assert result.warnings == []


def test_python_files_in_a_subfolder_are_pointed_out(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    (bundle / "lib").mkdir()
    (bundle / "lib" / "x.py").write_text("")
    result = check_bundle(bundle)
    assert [(warning.code, warning.file) for warning in result.warnings] == [("FOLDER_IGNORED", "lib/")]
    assert result.bundle is not None


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("a.py", True),
        ("_a-b.2.py", True),
        ("-.py", True),
        ("9.py", True),
        (".hidden.py", False),
        ("a b.py", False),
        ("é.py", False),
        ("a\n.py", False),
        ("$x.py", False),
        ("libs.py", False),
        ("periscope.py", False),
    ],
)
def test_the_names_of_helpers(tmp_path: Path, name: str, good: bool) -> None:
    bundle = write_bundle(tmp_path / "b")
    (bundle / name).write_text("")
    assert [problem.code for problem in check_bundle(bundle).problems] == ([] if good else ["FILE_NAME"])


def test_at_most_50_files(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", **{f"h{number:02}": "" for number in range(48)})
    assert check_bundle(bundle).problems == []
    write_bundle(bundle, extra="")
    [problem] = check_bundle(bundle).problems
    assert problem.code == "FILE_COUNT"
    assert problem.rule == "expected at most 48 helper modules, found 49"


def test_a_file_is_bounded(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    with (bundle / "data.py").open("wb") as stream:
        stream.truncate(limits.MAX_FILE_BYTES + 1)
    [problem] = check_bundle(bundle).problems
    assert (problem.code, problem.file) == ("FILE_TOO_LARGE", "data.py")
    assert problem.rule == "expected at most 10,000,000 bytes, found 10,000,001"


def test_the_whole_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BUNDLE_BYTES", 2_000)
    bundle = write_bundle(tmp_path / "b", a="#" * 700, b="#" * 700)
    assert "FILE_TOO_LARGE" in [problem.code for problem in check_bundle(bundle).problems]


def test_links_and_pipes_are_refused(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    (tmp_path / "secret.py").write_text("PASSWORD = 1")
    (bundle / "link.py").symlink_to(tmp_path / "secret.py")
    os.mkfifo(bundle / "pipe.py")
    (bundle / "folder.py").mkdir()
    assert codes(check_bundle(bundle)) == [
        ("FILE_KIND", "folder.py"),
        ("FILE_KIND", "link.py"),
        ("FILE_KIND", "pipe.py"),
    ]


def test_a_file_that_is_not_utf8_is_named_with_line_and_column(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    (bundle / "helper.py").write_bytes(b"a = 1\nb = '\xff'\n")
    (bundle / "config_schema.json").write_bytes(b'{"type": "\xe9"}')
    found = [(p.code, p.file, p.line, p.column) for p in check_bundle(bundle).problems]
    assert found == [("FILE_NOT_UTF8", "config_schema.json", 1, 11), ("FILE_NOT_UTF8", "helper.py", 2, 6)]


def test_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    for name in ("strategy.py", "config_schema.json"):
        (bundle / name).write_bytes(b"\xef\xbb\xbf" + (bundle / name).read_bytes())
    assert check_bundle(bundle).problems == []
