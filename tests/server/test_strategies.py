"""Strategies, drafts and versions over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from periscope.runs import drafts
from periscope.runs.documents import draft_document, version_document
from periscope.runs.store.draft_rows import Draft
from periscope.strategies.archive import MAX_ARCHIVE_BYTES, read_archive, write_archive
from periscope.strategies.bundle import MAX_FILE_BYTES
from tests.server.serving import Served
from tests.server.test_basics import other, problem
from tests.strategies.hostile_archives import crafted

ZIP = {"content-type": "application/zip"}


def code(answer: httpx.Response) -> str:
    """The code of a refusal."""
    found: str = problem(answer)["code"]
    return found


def files_of(served: Served) -> dict[str, bytes]:
    """The files of the strategy `worker`, which is valid."""
    archive = served.client.get("strategies/worker/versions/1/archive")
    assert archive.headers["content-type"] == "application/zip"
    return read_archive(archive.content).files


def pages(served: Served, path: str, **query: Any) -> list[dict[str, Any]]:
    """All items of a listing."""
    items: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        answer = served.client.get(path, params=query | ({} if after is None else {"after": after}))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        after = answer.json()["next"]
        if after is None:
            return items


def test_a_strategy_from_draft_to_version(served_on_both: Served) -> None:
    served = served_on_both
    client = served.client
    made = client.post("strategies/mine/draft", json={"source": "worker@1"})
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/strategies/mine/draft"
    kept = drafts.find(served.store, "mine")
    assert isinstance(kept, Draft)
    assert made.json() == client.get("strategies/mine/draft").json() == draft_document(kept)
    assert made.headers["etag"] == f'"{kept.tag}"'
    written = client.put("strategies/mine/draft/files/helper.py", content=b"A = 1\n")
    assert written.status_code == 200
    seen = written.headers["etag"]
    again = client.put("strategies/mine/draft/files/helper.py", content=b"A = 2\n", headers={"if-match": seen})
    assert again.json()["tag"] == again.headers["etag"].strip('"') != seen.strip('"')
    read = client.get("strategies/mine/draft/files/helper.py")
    assert (read.content, read.headers["etag"]) == (b"A = 2\n", again.headers["etag"])
    assert read.headers["x-content-type-options"] == "nosniff"
    assert client.post("strategies/mine/check").json()["valid"]
    published = client.post("strategies/mine/versions")
    assert (published.status_code, published.json()["version"]) == (201, "mine@1")
    assert published.headers["location"] == "/api/v1/strategies/mine/versions/1"
    same = client.post("strategies/mine/versions")
    assert (same.status_code, same.json()["published"]) == (200, False)
    version = served.store.versions.get("mine", 1)
    assert version is not None
    assert client.get("strategies/mine/versions/1").json() == version_document(served.store, version)
    assert client.delete("strategies/mine/draft/files/helper.py", headers={"if-match": "*"}).status_code == 204
    changes = client.get("strategies/mine/versions/1/diff").json()
    assert [(each["file"], each["change"]) for each in changes["files"]] == [("helper.py", "removed")]
    assert client.get("strategies/mine/versions/1/diff", params={"to": 1}).json()["same"]
    assert client.delete("strategies/mine/draft", headers={"if-match": "*"}).status_code == 204
    assert code(client.get("strategies/mine/draft")) == "DRAFT_NOT_FOUND"
    assert [each["strategy"] for each in pages(served, "strategies")] == ["mine", "worker"]


def test_nobody_overwrites_what_they_have_not_seen(served: Served) -> None:
    client = served.client
    tag = client.post("strategies/mine/draft", json={}).headers["etag"]
    file = "strategies/mine/draft/files/helper.py"
    first = client.put(file, content=b"1", headers={"if-none-match": "*"}).headers["etag"]
    assert code(client.put(file, content=b"2")) == "DRAFT_FILE_EXISTS"
    assert code(client.put(file, content=b"2", headers={"if-none-match": "*"})) == "DRAFT_CHANGED"
    assert code(client.put(file, content=b"2", headers={"if-match": '"0"'})) == "DRAFT_CHANGED"
    assert code(client.put(file, content=b"2", headers={"if-match": f"W/{first}"})) == "DRAFT_CHANGED"
    assert client.put(file, content=b"2", headers={"if-match": f'"0", {first}'}).status_code == 200
    assert code(client.put(file, content=b"3", headers={"if-match": first})) == "DRAFT_CHANGED"
    assert client.put(file, content=b"2", headers={"if-match": first}).status_code == 200, "it is what was asked for"
    assert code(client.delete(file)) == "DRAFT_FILE_EXISTS"
    assert code(client.delete(file, headers={"if-match": first})) == "DRAFT_CHANGED"
    assert code(client.delete("strategies/mine/draft")) == "DRAFT_FILE_EXISTS"
    assert code(client.delete("strategies/mine/draft", headers={"if-match": tag})) == "DRAFT_CHANGED"
    assert code(client.post("strategies/mine/versions", headers={"if-match": tag})) == "DRAFT_CHANGED"
    for wrong in (first.strip('"'), '"', '"a" "b"', ""):
        assert code(client.put(file, content=b"3", headers={"if-match": wrong})) == "PRECONDITION_INVALID"
    both = {"if-match": first, "if-none-match": "*"}
    assert code(client.put(file, content=b"3", headers=both)) == "PRECONDITION_INVALID"
    assert client.get(file).content == b"2"


def test_editors_at_once_lose_nothing(served_on_both: Served) -> None:
    client = served_on_both.client
    client.post("strategies/mine/draft", json={})
    file = "strategies/mine/draft/files/helper.py"
    client.put(file, content=b"")

    def add(letter: str) -> None:
        """Append a letter four times, each time to what is there."""
        with served_on_both.open_client() as mine:
            for _ in range(4):
                while True:
                    seen = mine.get(file)
                    headers = {"if-match": seen.headers["etag"]}
                    answer = mine.put(file, content=seen.content + letter.encode(), headers=headers)
                    if answer.status_code == 200:
                        break
                    assert code(answer) == "DRAFT_CHANGED"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, "abcd"))
    assert sorted(client.get(file).text) == sorted("abcd" * 4)


def test_everything_that_is_wrong_is_said_at_once(served: Served) -> None:
    client = served.client
    client.post("strategies/mine/draft", json={})
    strategy = b"import time\ntime.time()\nclass Strategy: pass\n"
    for name, content in {"strategy.py": strategy, "config_schema.json": b'{"type": "array"}'}.items():
        assert client.put(f"strategies/mine/draft/files/{name}", content=content, headers={"if-match": "*"}).is_success
    checked = client.post("strategies/mine/check").json()
    assert not checked["valid"]
    refused = problem(client.post("strategies/mine/versions"))
    assert refused["code"] == "BUNDLE_INVALID"
    assert [each["code"] for each in refused["problems"]] == [each["code"] for each in checked["problems"]]
    assert {each["code"] for each in refused["problems"]} >= {"STRATEGY_BASE", "SCHEMA_NOT_OBJECT"}
    for said in (refused, checked):
        assert [each["code"] for each in said["warnings"]] == ["WALL_CLOCK"]
    place = next(each for each in refused["problems"] if each["code"] == "STRATEGY_BASE")
    assert (place["file"], place["line"]) == ("strategy.py", 3)
    assert pages(served, "strategies/mine/versions") == []
    archive = write_archive({"strategy.py": b"x = ("})
    assert client.post("strategies/other/check", content=archive, headers=ZIP).json()["problems"]
    assert code(client.post("strategies/other/versions", content=archive, headers=ZIP)) == "BUNDLE_INVALID"
    assert code(client.get("strategies/other")) == "STRATEGY_NOT_FOUND"


def test_an_archive_is_published_and_drafted(served: Served) -> None:
    client = served.client
    files = files_of(served)
    archive = write_archive(files)
    published = client.post("strategies/mine/versions", content=archive, headers=ZIP)
    assert (published.status_code, published.json()["version"]) == (201, "mine@1")
    assert published.json()["hash"] == client.get("strategies/worker/versions/1").json()["hash"]
    drafted = client.post("strategies/mine/draft/archive", content=archive, headers=ZIP)
    assert drafted.status_code == 201
    assert client.get("strategies/mine/draft/archive").content == archive
    assert code(client.post("strategies/mine/draft/archive", content=archive, headers=ZIP)) == "DRAFT_EXISTS"
    assert code(client.post("strategies/mine/versions", content=archive)) == "UNSUPPORTED_MEDIA"
    assert code(client.post("strategies/new/versions")) == "DRAFT_NOT_FOUND"
    assert code(client.post("strategies/new/draft/archive")) == "BUNDLE_INVALID"
    key = ZIP | {"idempotency-key": "one"}
    first = client.post("strategies/twice/versions", content=archive, headers=key)
    again = client.post("strategies/twice/versions", content=archive, headers=key)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)


def test_hostile_archives_are_refused(unchanged: Served) -> None:
    before = {path.name for path in unchanged.store.files.folder.glob("??/*")}
    for name, data in list(crafted())[::3]:
        for path in ("versions", "draft/archive"):
            answer = unchanged.client.post(f"strategies/mine/{path}", content=data, headers=ZIP)
            refused = problem(answer)
            assert refused["code"] in ("BUNDLE_INVALID", "BODY_TOO_LARGE"), name
            assert refused["code"] == "BODY_TOO_LARGE" or refused["problems"], name
            assert str(unchanged.store.place.folder) not in answer.text
    assert code(unchanged.client.get("strategies/mine")) == "STRATEGY_NOT_FOUND"
    assert {path.name for path in unchanged.store.files.folder.glob("??/*")} == before
    assert not list((unchanged.store.place.folder / "work").glob("*"))


def test_a_body_beyond_what_a_bundle_can_hold_is_refused(served: Served) -> None:
    client = served.client
    client.post("strategies/mine/draft", json={})
    whole = b"#" * MAX_FILE_BYTES
    assert client.put("strategies/mine/draft/files/a.py", content=whole).status_code == 200
    assert code(client.put("strategies/mine/draft/files/b.py", content=whole + b"#")) == "BODY_TOO_LARGE"
    for path in ("versions", "check", "draft/archive"):
        connection = HTTPConnection(served.url.removeprefix("http://"), timeout=30)
        connection.putrequest("POST", f"/api/v1/strategies/mine/{path}")
        connection.putheader("content-length", str(MAX_ARCHIVE_BYTES + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413, "told before anything was sent"
        connection.close()
    piece = b"x" * 1_000_000
    endless = client.post("strategies/mine/versions", content=(piece for _ in range(70)), headers=ZIP)
    assert code(endless) == "BODY_TOO_LARGE"


BAD_NAMES = ["..%2F..%2Fetc", "%2e%2e%2fx", "a%2Fb", "a%00b", "%ED%A0%80", "1a", "a" * 65, "ä", "a b", "%", "-", "a.b"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_are_none_lead_nowhere(unchanged: Served, name: str) -> None:
    client = unchanged.client
    archive = write_archive({"strategy.py": b"x = 1"})
    refused = ("NOT_FOUND", "METHOD", "INVALID", "BAD_NAME", "STRATEGY_NOT_FOUND", "VERSION_NOT_FOUND")
    no_draft = (*refused, "DRAFT_NOT_FOUND")
    assert code(client.get(f"strategies/{name}")) in refused
    assert code(client.get(f"strategies/{name}/versions")) in refused
    assert code(client.get(f"strategies/{name}/versions/1")) in refused
    assert code(client.get(f"strategies/{name}/versions/1/archive")) in refused
    assert code(client.get(f"strategies/{name}/draft")) in no_draft
    assert code(client.post(f"strategies/{name}/draft", json={})) in refused
    assert code(client.post(f"strategies/{name}/versions", content=archive, headers=ZIP)) in refused
    assert code(client.put(f"strategies/{name}/draft/files/a.py", content=b"")) in no_draft
    assert [each["strategy"] for each in pages(unchanged, "strategies")] == ["worker"]


BAD_FILES = ["..%2F..%2Fx.py", "%2e%2e", "a%2Fb.py", "a.py%00", "%ED%A0%80.py", "ä.py", "x.txt", "libs.py", "a" * 290]


def test_files_that_no_bundle_has_are_refused(served: Served) -> None:
    client = served.client
    client.post("strategies/mine/draft", json={})
    before = client.get("strategies/mine/draft").json()
    for file in BAD_FILES:
        path = f"strategies/mine/draft/files/{file}"
        refused = ("INVALID", "NOT_FOUND", "METHOD")
        assert code(client.put(path, content=b"x")) in ("BUNDLE_INVALID", *refused), file
        assert code(client.get(path)) in ("DRAFT_FILE_NOT_FOUND", "INVALID", "NOT_FOUND"), file
        assert code(client.delete(path, headers={"if-match": "*"})) in ("DRAFT_FILE_NOT_FOUND", *refused), file
    assert client.get("strategies/mine/draft").json() == before


def test_a_source_that_is_none_starts_nothing(served: Served) -> None:
    for source, expected in {"../worker": "NO_EXAMPLE", "worker@9": "VERSION_NOT_FOUND", "": "INVALID"}.items():
        assert code(served.client.post("strategies/mine/draft", json={"source": source})) == expected
    assert code(served.client.post("strategies/mine/draft", json={"folder": "/etc"})) == "INVALID"
    assert code(served.client.post("strategies/mine/draft", content=b"{}")) == "UNSUPPORTED_MEDIA"
    assert served.client.post("strategies/mine/draft", json={"source": "moving_averages"}).status_code == 201


def test_listings_go_on_where_they_were(served: Served) -> None:
    for number in range(5):
        drafts.start(served.store, f"s{number}", {})
    names = [each["strategy"] for each in pages(served, "strategies", limit=2)]
    assert names == ["s0", "s1", "s2", "s3", "s4", "worker"]
    files = files_of(served)
    for number in range(4):
        archive = write_archive(files | {"helper.py": str(number).encode()})
        assert served.client.post("strategies/s1/versions", content=archive, headers=ZIP).status_code == 201
    assert [each["number"] for each in pages(served, "strategies/s1/versions", limit=3)] == [4, 3, 2, 1]
    shown = served.client.get("strategies/s1").json()
    assert (shown["newest_version"], shown["has_draft"]) == (4, True)
    assert pages(served, "strategies/s0/draft/files") == []
    for cursor in (
        "x",
        other("strategies:../x"),
        other("versions:s1"),
        other("strategies:\ud800a".replace("\ud800", "")),
    ):
        answer = served.client.get("strategies", params={"after": cursor})
        assert answer.status_code == 200 or code(answer) == "CURSOR_INVALID"


def test_a_token_to_read_only_reads(served: Served) -> None:
    from periscope.runs.store.token_rows import Scope

    made = served.store.tokens.create("reader", Scope.READ)
    assert isinstance(made, tuple)
    with served.open_client(made[1]) as reader:
        assert reader.get("strategies").status_code == 200
        assert reader.post("strategies/worker/check").status_code == 404
        for answer in (
            reader.post("strategies/mine/draft", json={}),
            reader.put("strategies/mine/draft/files/a.py", content=b""),
            reader.delete("strategies/mine/draft", headers={"if-match": "*"}),
            reader.post("strategies/mine/versions"),
            reader.post("strategies/mine/draft/archive"),
        ):
            assert code(answer) == "SCOPE"
