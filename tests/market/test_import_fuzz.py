"""Spoiled files of every format: an error that names the file, or findings; no traceback, no row lost, bounded time.

2,000 mutations of each format with `--full`; a fortieth otherwise, some 700 in all. The seed of a case is its number; a
failure prints it.
"""

import gzip
import io
import json
import random
import re
import resource
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import databento_dbn as dbn
import polars as pl
import pytest
from backports import zstd

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import import_path
from periscope.market.importers.options import ImportOptions
from tests.market import mutations
from tests.market.mutations import Mutation, spoiled
from tests.market.test_import_dbn import BARS, NANO, NUMBER, RAW_SYMBOL, mapping

ROWS = 40
OPEN = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
OPTIONS = ImportOptions(symbol="SPY", exchange="ARCX", span=BarTimeSpan.MINUTE, stamp="start", skip_bad_rows=True)
SLOWEST_SECONDS = 20.0
MOST_BYTES = 350 << 20


def _times() -> list[datetime]:
    return [OPEN + timedelta(minutes=n) for n in range(ROWS)]


def _text(separator: str = ",", point: str = ".") -> bytes:
    lines = [separator.join(("timestamp", "open", "high", "low", "close", "volume"))]
    for n, at in enumerate(_times()):
        prices = [f"{100 + n}{point}25", f"{101 + n}{point}5", f"{99 + n}", f"{100 + n}{point}75"]
        lines.append(separator.join([f"{at:%Y-%m-%dT%H:%M:%SZ}", *prices, str(n)]))
    return "\n".join(lines).encode() + b"\n"


def _symbols() -> bytes:
    """The same rows, of two symbols in turn."""
    first, *rows = _text().decode().splitlines()
    mixed = [f"{row},{('SPY', 'QQQ')[place % 2]}" for place, row in enumerate(rows)]
    return "\n".join([f"{first},symbol", *mixed]).encode() + b"\n"


def _quotes() -> pl.DataFrame:
    """Quote bars; every third lacks the bid."""
    frame = _frame()
    lacks = pl.int_range(pl.len()) % 3 == 1
    bid = [pl.when(~lacks).then(pl.col(name)).alias(f"bid_{name}") for name in ("open", "high", "low", "close")]
    ask = [(pl.col(name) + 0.25).alias(f"ask_{name}") for name in ("open", "high", "low", "close")]
    sizes = [pl.when(~lacks).then(pl.col("volume")).alias("bid_size"), pl.col("volume").alias("ask_size")]
    return frame.select("timestamp", *bid, *ask, *sizes)


def _quotes_text() -> bytes:
    return _quotes().write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ").encode()


def _quotes_parquet() -> bytes:
    content = io.BytesIO()
    _quotes().write_parquet(content)
    return content.getvalue()


def _lean_quotes() -> bytes:
    """The same as LEAN has them, in a zip."""
    start = pl.int_range(pl.len()) * 60_000 + 36_000_000
    sides = [[pl.col(f"{side}_{name}") for name in ("open", "high", "low", "close", "size")] for side in ("bid", "ask")]
    rows = _quotes().select(start.alias("start"), *sides[0], *sides[1])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20240103_es_minute_quote_202403.csv", rows.write_csv(include_header=False))
    return content.getvalue()


def _alpaca() -> bytes:
    bars = [
        {"t": f"{at:%Y-%m-%dT%H:%M:%SZ}", "o": 100 + n, "h": 101.5 + n, "l": 99 + n, "c": 100.25 + n, "v": n}
        for n, at in enumerate(_times())
    ]
    return json.dumps({"bars": bars, "symbol": "SPY", "next_page_token": None}).encode()


def _frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "timestamp": _times(),
            "open": [100.25 + n for n in range(ROWS)],
            "high": [101.5 + n for n in range(ROWS)],
            "low": [99.0 + n for n in range(ROWS)],
            "close": [100.75 + n for n in range(ROWS)],
            "volume": list(range(ROWS)),
        }
    )


def _parquet() -> bytes:
    content = io.BytesIO()
    _frame().write_parquet(content)
    return content.getvalue()


def _arrow() -> bytes:
    content = io.BytesIO()
    _frame().write_ipc(content)
    return content.getvalue()


def _dbn() -> bytes:
    metadata = dbn.Metadata(
        dataset="XNAS.ITCH",
        start=0,
        stype_in=RAW_SYMBOL,
        stype_out=NUMBER,
        schema=BARS,
        symbols=["SPY"],
        mappings=[mapping("SPY", 7)],  # type: ignore[list-item]
    )
    first = int(OPEN.timestamp())
    records = [dbn.OHLCVMsg(33, 2, 7, (first + 60 * n) * NANO, NANO, 2 * NANO, NANO, NANO, n) for n in range(ROWS)]
    return bytes(metadata) + b"".join(map(bytes, records))


def _zip(data: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("spy.csv", data)
    return content.getvalue()


def _rows_of_text(data: bytes) -> int | None:
    """Lines after the header that are no comments and not blank; None where that can't be told from outside."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in data[:4096]:
        return None
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    while lines and (not lines[0].strip() or lines[0].strip().startswith(b"#")):
        del lines[0]
    return sum(1 for line in lines[1:] if line.strip())


def _rows_of_json(data: bytes) -> int | None:
    try:
        page = json.loads(data)
    except UnicodeDecodeError:
        page = json.loads(data.decode("utf-8", errors="replace"))
    bars = page.get("bars") or page.get("results")
    return len(bars) if isinstance(bars, list) else sum(map(len, bars.values()))


def _rows_of_dbn(data: bytes) -> int:
    decoder = dbn.DBNDecoder()
    decoder.write(data)
    return len(decoder.decode()) - 1


def _rows_of_frame(data: bytes) -> int:
    return (pl.read_parquet if data.startswith(b"PAR1") else pl.read_ipc)(io.BytesIO(data)).height


@dataclass(frozen=True)
class Case:
    """A format: a good file, what may happen to it before it is packed, how it is packed, and how its rows are counted.

    Packed files are also spoiled after packing.
    """

    good: Callable[[], bytes]
    mutations: tuple[Mutation, ...]
    count: Callable[[bytes], int | None]
    pack: Callable[[bytes], bytes] | None = None
    unpack: Callable[[bytes], bytes] | None = None


def _unzip(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(next(name for name in archive.namelist() if not name.endswith("/")))


CASES = {
    "csv": Case(_text, mutations.TEXT, _rows_of_text),
    "csv with decimal commas": Case(lambda: _text(";", ","), mutations.TEXT, _rows_of_text),
    "tsv": Case(lambda: _text("\t"), mutations.TEXT, _rows_of_text),
    "csv.gz": Case(_text, mutations.TEXT, _rows_of_text, gzip.compress, gzip.decompress),
    "csv.zst": Case(_text, mutations.TEXT, _rows_of_text, zstd.compress, zstd.decompress),
    "csv.zip": Case(_text, mutations.TEXT, _rows_of_text, _zip, _unzip),
    "csv of symbols": Case(_symbols, mutations.TEXT, _rows_of_text),
    "quotes": Case(_quotes_text, mutations.TEXT, _rows_of_text),
    "quotes in parquet": Case(_quotes_parquet, mutations.ANY, _rows_of_frame),
    "json": Case(_alpaca, mutations.TEXT, _rows_of_json),
    "parquet": Case(_parquet, mutations.ANY, _rows_of_frame),
    "arrow": Case(_arrow, mutations.ANY, _rows_of_frame),
    "dbn": Case(_dbn, mutations.ANY, _rows_of_dbn),
    "dbn.zst": Case(_dbn, mutations.ANY, _rows_of_dbn, zstd.compress, zstd.decompress),
}


def _spoil(case: Case, chance: random.Random) -> bytes:
    if case.pack is None:
        return spoiled(case.good(), case.mutations, chance)
    if chance.random() < 0.5:
        return case.pack(spoiled(case.good(), case.mutations, chance))
    return spoiled(case.pack(case.good()), mutations.ANY, chance)


@pytest.mark.parametrize("name", CASES)
def test_spoiled_files(name: str, tmp_path: Path, cases: Callable[..., int]) -> None:
    """Refused with the file's name, or imported with every row stored, reported or named as left alone."""
    case = CASES[name]
    path = tmp_path / "spoiled"
    for seed in range(cases(25, 2_000)):
        data = _spoil(case, random.Random(f"{name} {seed}"))
        path.write_bytes(data)
        root = tmp_path / "catalog"
        began = perf_counter()
        try:
            options = OPTIONS if seed % 2 else replace(OPTIONS, symbol=None)
            summary = import_path(path, Catalog.create(root), options)
        except ImportProblem as problem:
            assert "spoiled" in problem.message or problem.exit_code == 2, f"seed {seed}: {problem.message}"
            assert not Catalog.open(root).instruments.all(), f"seed {seed}: refused, and yet something was written"
        except BaseException as error:
            raise AssertionError(f"{name}, seed {seed}: {type(error).__name__}: {error}") from error
        else:
            told = sum(item.rows for item in summary.series) + summary.findings.unusable
            told += sum(summary.skipped_files.values())
            told += sum(
                int(found[1]) for note in summary.notes if (found := re.match(r"left alone: (\d+) rows? of", note))
            )
            expected = case.count(data if case.unpack is None else case.unpack(data))
            assert expected is None or told == expected, f"{name}, seed {seed}: {expected} rows, {told} accounted for"
            Catalog.open(root).verify()
        assert perf_counter() - began < SLOWEST_SECONDS, f"{name}, seed {seed}"
        shutil.rmtree(root)


def test_spoiled_lean_quotes(tmp_path: Path, cases: Callable[..., int]) -> None:
    """Refused with the file's name, or every row of the zip stored or reported; a zip of nonsense is told."""
    path = tmp_path / "lean" / "future" / "cme" / "minute" / "es" / "20240103_quote.zip"
    path.parent.mkdir(parents=True)
    for seed in range(cases(25, 2_000)):
        chance = random.Random(f"lean {seed}")
        inner = spoiled(_unzip(_lean_quotes()), mutations.TEXT, chance)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("20240103_es_minute_quote_202403.csv", inner)
        whole = seed % 2 == 0
        path.write_bytes(content.getvalue() if whole else spoiled(_lean_quotes(), mutations.ANY, chance))
        root = tmp_path / "catalog"
        try:
            summary = import_path(path, Catalog.create(root), replace(OPTIONS, symbol=None))
        except ImportProblem as problem:
            assert "20240103_quote.zip" in problem.message, f"seed {seed}: {problem.message}"
            assert not Catalog.open(root).instruments.all(), f"seed {seed}: refused, and yet something was written"
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        else:
            told = sum(item.rows for item in summary.series) + summary.findings.unusable
            lines = [line for line in inner.replace(b"\r\n", b"\n").split(b"\n") if line.strip()]
            assert not whole or told == len(lines), f"seed {seed}: {len(lines)} rows, {told} accounted for"
            Catalog.open(root).verify()
        shutil.rmtree(root)


def test_unspoiled_files_come_in_whole(tmp_path: Path) -> None:
    """The battery starts from good files."""
    for name, case in CASES.items():
        path = tmp_path / "good"
        path.write_bytes(case.good() if case.pack is None else case.pack(case.good()))
        options = replace(OPTIONS, symbol=None) if name == "csv of symbols" else OPTIONS
        summary = import_path(path, Catalog.create(tmp_path / name), options)
        assert sum(item.rows for item in summary.series) == ROWS, name
        assert summary.findings.unusable == 0, name


def test_memory_stays_bounded_however_large_a_file_claims_to_be(tmp_path: Path) -> None:
    """Ten thousandfold bombs, a line of 50 MB, seventy million blank lines: refused, and memory hardly grows."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    header = b"timestamp,open,high,low,close,volume\n"
    record = _dbn()
    bombs = {
        "line": header + b"x" * (50 << 20),
        "blank": gzip.compress(header + b"\n" * (70 << 20), 1),
        "zeros": _zip(header + bytes(100 << 20)),
        "dbn": zstd.compress(record + record[-56:] * 2_000_000),
        "json": gzip.compress(b'{"bars": [' + b"[" * (70 << 20), 1),
    }
    for name, content in bombs.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ImportProblem) as caught:
            import_path(path, Catalog.create(tmp_path / "catalog"), OPTIONS)
        assert name in caught.value.message
    del bombs
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert after - before < MOST_BYTES
