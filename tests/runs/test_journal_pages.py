"""Pages of a journal from any place, whatever frames it was written in."""

import json
from pathlib import Path
from typing import Any

import pytest

from periscope.runs import journal
from periscope.runs.journal import JOURNAL, JournalFile, read_lines
from periscope.runs.journal_pages import NoPlaceError, Place, journal_page
from periscope.runs.store.content import ContentFiles
from periscope.runs.store.refusals import StoreError


def write_journal(folder: Path, lines: int, at_once: int) -> Path:
    """A journal of so many lines of different lengths, handed over so many at a time."""
    file = JournalFile(folder)
    texts = [
        json.dumps(["action", number, number * 1_000, "Note", {"text": "ü" * (number * 37 % 301)}]) + "\n"
        for number in range(lines)
    ]
    for first in range(0, lines, at_once):
        file.lines("".join(texts[first : first + at_once]).encode())
    file.close()
    return folder / JOURNAL


def pages(path: Path, limit: int) -> tuple[list[dict[str, Any]], list[Place]]:
    """All lines a page at a time, and where each page began."""
    found, places = [], []
    place: Place | None = Place()
    while place is not None:
        places.append(place)
        lines, place = journal_page(path, place, limit)
        found += lines
    return found, places


@pytest.mark.parametrize("frame_bytes", [1, 900, 5_000, 1 << 20])
@pytest.mark.parametrize("limit", [1, 7, 1_000])
def test_pages_miss_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame_bytes: int, limit: int) -> None:
    monkeypatch.setattr(journal, "FRAME_BYTES", frame_bytes)
    path = write_journal(tmp_path, 200, 3)
    found, places = pages(path, limit)
    stored: list[Any] = list(read_lines(tmp_path))
    assert [[line["kind"], line["bars"], line["name"], line["detail"]] for line in found] == [
        [kind, bars, name, detail] for kind, bars, _, name, detail in stored
    ]
    assert [line["line"] for line in found] == list(range(1, 201))
    for place in places[:: max(1, len(places) // 5)]:
        assert Place.parse(str(place)) == place
        assert journal_page(path, place, 1)[0] == found[place.lines : place.lines + 1]


def test_a_place_in_a_later_frame_does_not_need_the_frames_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "FRAME_BYTES", 2_000)
    path = write_journal(tmp_path, 300, 5)
    _, places = pages(path, 100)
    expected = journal_page(path, places[-1], 10)
    data = path.read_bytes()
    path.write_bytes(b"\0" * places[-1].frame + data[places[-1].frame :])
    assert journal_page(path, places[-1], 10) == expected
    with pytest.raises(NoPlaceError):
        journal_page(path, Place(), 10)


@pytest.mark.parametrize("place", [Place(1), Place(0, 1), Place(0, 10**12), Place(10**14), Place(5, 5, 5)])
def test_what_is_no_place_is_refused(tmp_path: Path, place: Place) -> None:
    path = write_journal(tmp_path, 50, 50)
    with pytest.raises(NoPlaceError):
        journal_page(path, place, 10)


def test_an_empty_and_a_cut_journal(tmp_path: Path) -> None:
    path = write_journal(tmp_path, 0, 1)
    assert journal_page(path, Place(), 10) == ([], None)
    path = write_journal(tmp_path, 5_000, 5_000)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(NoPlaceError):
        pages(path, 1_000)


def test_a_file_is_hashed_again_once_it_was_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ContentFiles(tmp_path)
    files.create()
    name = files.put(b"content")
    checks: list[str] = []
    real = ContentFiles.check

    def counted(self: ContentFiles, name: str) -> None:
        checks.append(name)
        real(self, name)

    monkeypatch.setattr(ContentFiles, "check", counted)
    for _ in range(3):
        assert files.checked(name).read_bytes() == b"content"
    assert checks == [name]
    files.path(name).chmod(0o644)
    files.path(name).write_bytes(b"CONTENT")
    with pytest.raises(StoreError):
        files.checked(name)
    files.path(name).unlink()
    with pytest.raises(StoreError):
        files.checked(name)
