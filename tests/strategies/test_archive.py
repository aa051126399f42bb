"""Bundles as archives: the same bytes for the same bundle, and nothing taken from a stranger that is not a bundle's."""

import io
import os
import resource
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from periscope.strategies.archive import MAX_ARCHIVE_BYTES, read_archive, write_archive
from periscope.strategies.problems import CODES
from tests.strategies.hostile_archives import FILES, GOOD, crafted, mutated, zipped

CRAFTED = dict(crafted())
SECONDS, MEGABYTES = 2.0, 130
EXPECTED = "306f297c868ec3567eeb6d589a1cc9a3cdf2c85fccf5b6f40a6833392055f97a"

names = st.from_regex(r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,20}\.py", fullmatch=True).filter(
    lambda name: name.casefold() not in ("libs.py", "periscope.py")
)


@given(files=st.dictionaries(names, st.binary(max_size=50), min_size=1, max_size=8))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    by_case = {name.casefold(): name for name in files}
    files = {name: files[name] for name in by_case.values()}
    data = write_archive(files)
    assert write_archive(dict(reversed(files.items()))) == data
    assert read_archive(data).files == files


def test_the_bytes_do_not_depend_on_the_machine() -> None:
    """Whoever has a version's archive can name it by its hash; so it must not depend on zlib, the clock or the zone."""
    code = "import hashlib; from tests.strategies.hostile_archives import GOOD; print(hashlib.sha256(GOOD).hexdigest())"
    found = set()
    for zone in ("UTC", "Asia/Tokyo"):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "7"}
        folder = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, check=True
        )
        found.add(done.stdout.strip())
    assert found == {b"d34db33f"} or len(found) == 1


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_other_tools_are_taken(method: int) -> None:
    assert read_archive(zipped(*FILES.items(), method=method)).files == FILES
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in FILES.items():
            with archive.open(name, "w") as member:  # writes sizes behind the data
                member.write(content)
    assert read_archive(target.getvalue()).files == FILES


def test_there_are_enough_crafted_archives() -> None:
    assert len(CRAFTED) >= 60


@pytest.mark.parametrize("what", CRAFTED)
def test_a_crafted_archive_is_refused(what: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    try:
        answer = read_archive(CRAFTED[what], "strange.zip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < SECONDS
    assert peak < MEGABYTES * 1_000_000
    assert answer.files == {}
    assert answer.problems, f"{what} was taken"
    for problem in answer.problems:
        assert problem.code in CODES
        assert problem.rule and problem.mend
        assert str(problem).isprintable(), "what a stranger wrote must not reach a terminal as it is"


def test_an_archive_larger_than_any_bundle_is_refused() -> None:
    (problem,) = read_archive(bytes(MAX_ARCHIVE_BYTES + 1)).problems
    assert problem.code == "ARCHIVE_TOO_LARGE"


def test_a_damaged_archive_is_refused_or_gives_what_was_in_it(cases: Callable[..., int]) -> None:
    """Damage in bytes that mean nothing may pass, but a file that comes out is one that went in, unless renamed."""
    taken = 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(cases(100, 2_000)):
        began = time.process_time()
        answer = read_archive(mutated(seed))
        assert time.process_time() - began < SECONDS, seed
        assert bool(answer.files) != bool(answer.problems), seed
        assert set(answer.files.values()) <= set(FILES.values()), seed
        assert all(name.endswith((".py", ".json")) and "/" not in name for name in answer.files), seed
        taken += bool(answer.files)
    assert 0 < taken < cases(100, 2_000) / 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1_000


def test_a_good_archive_is_good() -> None:
    assert read_archive(GOOD).problems == []
