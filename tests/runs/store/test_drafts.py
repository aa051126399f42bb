"""What drafts promise, on each kind of database: nothing overwritten unseen, nothing beyond a bundle's limits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import text

from periscope.runs import drafts
from periscope.runs.publishing import publish_files, version_files
from periscope.runs.store.backup import back_up, restore, store_problems
from periscope.runs.store.draft_rows import Draft
from periscope.runs.store.refusals import Refused
from periscope.runs.store.store import Store
from periscope.strategies.archive import write_archive
from periscope.strategies.bundle import MAX_BUNDLE_BYTES, MAX_FILE_BYTES
from periscope.strategies.problems import Problem
from tests.databases import KINDS, store_place
from tests.strategies.hostile_archives import crafted

NO_FILES = (
    "../a.py", "/a.py", "a/b.py", "..\\a.py", "a.py\x00", "\ud800.py", "ä.py", ".a.py", "a.txt", "", "libs.py",
         "a.py\n", "x" * 198 + ".py", "run.json",
)  # fmt: skip


def code(found: object) -> str:
    """The code of a refusal, or of the only problem."""
    if isinstance(found, list):
        (found,) = found
    found_code = getattr(found, "code", None)
    assert isinstance(found_code, str), found
    return found_code


def good(found: Draft | Refused | list[Problem]) -> Draft:
    assert isinstance(found, Draft), found
    return found


class DraftContract:
    """The promises. A subclass names the database."""

    kind: ClassVar[str]

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with store_place(self.kind, tmp_path / "store") as place, Store(place) as store:
            yield store

    def test_a_draft_is_started_edited_and_published(self, store: Store) -> None:
        draft = good(drafts.start_from(store, "one", None))
        assert set(draft.files) == {"strategy.py", "config_schema.json"}
        draft = good(drafts.put_file(store, "one", "helper.py", b"VALUE = 1\n", None))
        first = drafts.publish(store, "one")
        assert not isinstance(first, Refused)
        assert (str(first.version), first.is_new, first.problems) == ("one@1", True, [])
        draft = good(drafts.put_file(store, "one", "helper.py", b"VALUE = 2\n", (draft.files["helper.py"].content,)))
        assert draft.based_on == "one@1"
        second = drafts.publish(store, "one", seen=(draft.tag,))
        assert not isinstance(second, Refused)
        assert second.version is not None
        assert version_files(store, second.version)["helper.py"] == b"VALUE = 2\n"
        assert good(drafts.find(store, "one")).based_on == "one@2"
        again = good(drafts.start_from(store, "two", "one@1"))
        assert (again.based_on, again.files["helper.py"].bytes) == ("one@1", 10)
        assert drafts.read_file(store, "two", "helper.py") == (again.files["helper.py"].content, b"VALUE = 1\n")

    def test_nothing_is_overwritten_unseen(self, store: Store) -> None:
        draft = good(drafts.start(store, "one", {"a.py": b"0"}))
        seen = (draft.files["a.py"].content,)
        mine = good(drafts.put_file(store, "one", "a.py", b"mine", seen))
        assert code(drafts.put_file(store, "one", "a.py", b"theirs", seen)) == "DRAFT_CHANGED"
        assert code(drafts.put_file(store, "one", "a.py", b"theirs", None)) == "DRAFT_FILE_EXISTS"
        assert code(drafts.put_file(store, "one", "b.py", b"theirs", seen)) == "DRAFT_CHANGED"
        assert code(drafts.put_file(store, "one", "b.py", b"theirs", drafts.ANY)) == "DRAFT_CHANGED"
        assert code(drafts.remove_file(store, "one", "a.py", seen)) == "DRAFT_CHANGED"
        assert code(drafts.publish(store, "one", seen=(draft.tag,))) == "DRAFT_CHANGED"
        assert code(drafts.delete(store, "one", (draft.tag,))) == "DRAFT_CHANGED"
        assert drafts.find(store, "one") == mine
        assert good(drafts.put_file(store, "one", "a.py", b"mine", seen)) == mine, (
            "who asks twice is told that it is done"
        )
        assert good(drafts.put_file(store, "one", "a.py", b"any", ("x", "*"))).files["a.py"].bytes == 3

    def test_a_draft_that_is_not_there_is_not_found(self, store: Store) -> None:
        asked: list[Callable[[], object]] = [
            lambda: drafts.find(store, "one"),
            lambda: drafts.read(store, "one"),
            lambda: drafts.read_file(store, "one", "a.py"),
            lambda: drafts.put_file(store, "one", "a.py", b"", None),
            lambda: drafts.remove_file(store, "one", "a.py", drafts.ANY),
            lambda: drafts.check(store, "one"),
            lambda: drafts.publish(store, "one"),
            lambda: drafts.delete(store, "one"),
        ]
        assert {code(ask()) for ask in asked} == {"DRAFT_NOT_FOUND"}
        assert store.strategies.page() == [], "asking makes no strategy"
        drafts.start(store, "one", {})
        assert code(drafts.read_file(store, "one", "a.py")) == "DRAFT_FILE_NOT_FOUND"
        assert code(drafts.remove_file(store, "one", "a.py", drafts.ANY)) == "DRAFT_FILE_NOT_FOUND"
        assert code(drafts.start(store, "one", {})) == "DRAFT_EXISTS"
        assert code(drafts.start_from(store, "two", "two@1")) == "VERSION_NOT_FOUND"
        assert code(drafts.start_from(store, "two", "../../etc")) == "NO_EXAMPLE"

    def test_a_name_that_no_strategy_can_have_is_refused(self, store: Store) -> None:
        for name in ("", "..", "a/b", "1a", "a" * 65, "ä", "a b", "a\n", "a\x00", "\ud800", "-a", "a.b"):
            assert code(drafts.start(store, name, {})) == "BAD_NAME"
            assert code(drafts.find(store, name)) == "DRAFT_NOT_FOUND"
            assert code(drafts.put_file(store, name, "a.py", b"", None)) == "DRAFT_NOT_FOUND"
            assert (store.strategies.get(name), store.versions.get(name)) == (None, None)
            assert (store.versions.page(name), store.runs.page(strategy=name)) == ([], [])

    def test_a_file_that_no_bundle_can_hold_is_refused(self, store: Store) -> None:
        drafts.start(store, "one", {})
        for name in NO_FILES:
            assert code(drafts.put_file(store, "one", name, b"", None)) == "FILE_NAME"
            assert code(drafts.put_file(store, "one", name, b"", drafts.ANY)) == "FILE_NAME"
            assert code(drafts.start(store, "two", {name: b""})) == "FILE_NAME"
            assert code(drafts.read_file(store, "one", name)) == "DRAFT_FILE_NOT_FOUND"

    def test_the_limits_of_a_bundle_hold_at_every_write(self, store: Store) -> None:
        named = {f"m{number}.py": b"" for number in range(48)} | {"strategy.py": b"", "config_schema.json": b""}
        drafts.start(store, "one", named)
        assert code(drafts.put_file(store, "one", "m48.py", b"", None)) == "FILE_COUNT"
        assert code(drafts.start(store, "two", named | {"m48.py": b""})) == "FILE_COUNT"
        drafts.remove_file(store, "one", "m47.py", drafts.ANY)
        assert code(drafts.put_file(store, "one", "M1.py", b"", None)) == "FILE_NAME", "but for case it is m1.py"
        assert code(drafts.put_file(store, "one", "big.py", b"#" * (MAX_FILE_BYTES + 1), None)) == "FILE_TOO_LARGE"
        good(drafts.put_file(store, "one", "m47.py", b"", None))

    def test_a_draft_is_no_larger_than_a_bundle(self, store: Store) -> None:
        drafts.start(store, "one", {})
        whole = b"#" * MAX_FILE_BYTES
        for number in range(MAX_BUNDLE_BYTES // MAX_FILE_BYTES):
            good(drafts.put_file(store, "one", f"m{number}.py", whole, None))
        assert code(drafts.put_file(store, "one", "more.py", b"#", None)) == "FILE_TOO_LARGE"
        good(drafts.put_file(store, "one", "m0.py", b"#", drafts.ANY))
        good(drafts.put_file(store, "one", "more.py", b"#", None))

    def test_editors_at_once_lose_nothing(self, store: Store) -> None:
        drafts.start(store, "one", {"a.py": b""})

        def add(letter: str) -> int:
            """Append a letter five times, each time to what is there."""
            refused = 0
            for _ in range(5):
                while True:
                    seen = drafts.read_file(store, "one", "a.py")
                    assert not isinstance(seen, Refused)
                    tag, content = seen
                    found = drafts.put_file(store, "one", "a.py", content + letter.encode(), (tag,))
                    if isinstance(found, Draft):
                        break
                    assert code(found) == "DRAFT_CHANGED"
                    refused += 1
            return refused

        with ThreadPoolExecutor(4) as pool:
            refused = sum(pool.map(add, "abcd"))
        seen = drafts.read_file(store, "one", "a.py")
        assert not isinstance(seen, Refused)
        assert sorted(seen[1].decode()) == sorted("abcd" * 5), f"{refused} refused"
        store.forget(set())
        assert store.files.collect(store.names) == 0

    def test_many_put_the_same_content_at_once(self, store: Store) -> None:
        drafts.start(store, "one", {})
        data = b"#" * 100_000
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda number: good(drafts.put_file(store, "one", f"m{number}.py", data, None)), range(12)))
        draft = good(drafts.find(store, "one"))
        assert len({file.content for file in draft.files.values()}) == 1
        assert len(draft.files) == 12

    def test_many_start_and_delete_the_same_draft_at_once(self, store: Store) -> None:
        def work(number: int) -> None:
            for _ in range(6):
                found = drafts.start(store, "one", {"a.py": str(number).encode()})
                assert isinstance(found, Draft) or code(found) == "DRAFT_EXISTS"
                if number == 0:
                    publish_files(store, "one", {"strategy.py": b""})
                gone = drafts.delete(store, "one")
                assert gone is None or code(gone) == "DRAFT_NOT_FOUND"

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert (store.drafts.page(), store.strategies.page()) == ([], [])
        assert store.files.collect(store.names) == 0

    def test_what_a_draft_held_goes_with_it_and_versions_stay(self, store: Store) -> None:
        draft = good(drafts.start_from(store, "one", None))
        done = drafts.publish(store, "one")
        assert not isinstance(done, Refused)
        assert done.version is not None
        assert drafts.delete(store, "one", (draft.tag,)) is None
        assert set(version_files(store, done.version)) == set(draft.files)
        assert {path.name for path in store.files.folder.glob("??/*")} == {done.version.archive}
        (strategy,) = store.strategies.page()
        assert (strategy.newest, strategy.has_draft) == (1, False)
        drafts.start(store, "two", {"a.py": b""})
        drafts.delete(store, "two")
        assert store.strategies.get("two") is None

    def test_pages_follow_each_other(self, store: Store) -> None:
        names = [f"s{number}" for number in range(7)]
        for name in reversed(names):
            drafts.start(store, name, {"a.py": name.encode(), "b.py": b""})
        for page in (store.drafts.page, store.strategies.page):
            found: list[str] = []
            after = None
            while rows := page(after=after, limit=3):
                found += [row.strategy if isinstance(row, Draft) else row.name for row in rows]
                after = found[-1]
            assert found == names
        assert [draft.files["a.py"].bytes for draft in store.drafts.page()] == [2] * 7
        for number in range(7):
            store.versions.add("s1", f"{number}", "a" * 64, [])
        assert [version.number for version in store.versions.page("s1", before=4, limit=2)] == [3, 2]
        assert len(store.versions.page("s1", before=1 << 70)) == 7
        assert [store.versions.get("s1", number) for number in (0, -1, 1 << 31, 1 << 70)] == [None] * 4

    def test_a_draft_is_read_whole(self, store: Store) -> None:
        """Two files that always change together: no reader sees one from before and one from after."""
        drafts.start(store, "one", {"a.py": b"0"})

        def write() -> None:
            for number in range(20):
                good(drafts.put_file(store, "one", "a.py", str(number).encode(), drafts.ANY))

        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(write)
            while not writing.done():
                found = drafts.read(store, "one")
                assert not isinstance(found, Refused)
                draft, contents = found
                assert draft.files["a.py"].bytes == len(contents["a.py"])
            writing.result()

    def test_a_write_does_not_wait_for_a_backup(self, store: Store) -> None:
        draft = good(drafts.start(store, "one", {"a.py": b"0"}))
        with store.files.keeping(), ThreadPoolExecutor(1) as pool:
            pool.submit(drafts.put_file, store, "one", "a.py", b"1", drafts.ANY).result(timeout=20)
            assert store.files.read(draft.files["a.py"].content) == b"0", "the backup may still want it"
        drafts.put_file(store, "one", "a.py", b"2", drafts.ANY)
        assert len(list(store.files.folder.glob("??/*"))) == 1

    def test_a_failure_while_editing_changes_nothing(self, store: Store) -> None:
        draft = good(drafts.start(store, "one", {"a.py": b"0"}))
        with pytest.raises(ZeroDivisionError), store.drafts.editing("one") as editing:
            assert editing is not None
            editing.remove("a.py")
            raise ZeroDivisionError
        assert drafts.find(store, "one") == draft

    def test_rows_only_name_drafts_that_are_there(self, store: Store) -> None:
        drafts.start(store, "one", {"a.py": b"0"})
        drafts.delete(store, "one")
        with store.database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM draft_files")).scalar() == 0


class TestSqlite(DraftContract):
    kind = "sqlite"

    def test_a_hostile_archive_starts_nothing(self, store: Store) -> None:
        for name, data in crafted():
            found = drafts.start_from_archive(store, "one", data, "archive")
            assert isinstance(found, list), name
            assert found, name
        assert store.strategies.page() == []
        assert not list(store.files.folder.glob("??/*"))
        files = {"strategy.py": b"x = (", "a.py": b"\xff"}
        draft = good(drafts.start_from_archive(store, "one", write_archive(files), "archive"))
        assert drafts.files(store, draft) == files, "a draft need not be valid"
        checked = drafts.check(store, "one")
        assert not isinstance(checked, Refused)
        found_codes = {problem.code for problem in checked.result.problems}
        assert found_codes >= {"MODULE_NOT_PARSED", "FILE_NOT_UTF8", "FILE_MISSING"}, "all of them at once"
        done = drafts.publish(store, "one")
        assert not isinstance(done, Refused)
        assert {problem.code for problem in done.problems} == found_codes
        assert store.versions.all() == []


class TestPostgresql(DraftContract):
    kind = "postgresql"


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_drafts_are_in_a_backup(source: str, target: str, tmp_path: Path) -> None:
    with store_place(source, tmp_path / "a") as first, store_place(target, tmp_path / "b") as second:
        with Store(first) as store:
            drafts.start(store, "one", {"a.py": b"\x00\xff", "b.py": b""}, based_on="x@1")
            back_up(store, tmp_path / "backup")
            before = store.drafts.page()
        restore(tmp_path / "backup", second)
        with Store(second) as store:
            assert store.drafts.page() == before
            assert drafts.files(store, before[0]) == {"a.py": b"\x00\xff", "b.py": b""}
            store.files.path(before[0].files["a.py"].content).unlink()
            assert len(store_problems(store)) == 1
