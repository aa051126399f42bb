"""A Parquet file that is made of parts while a run goes, so that only the latest rows are held in memory."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl


@contextmanager
def disk_errors() -> Iterator[None]:
    """What the disk refuses while Polars writes, as the OSError that it is: a full disk has space again one day."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


class ParquetParts:
    """A hidden folder of parts beside the file `target`; what an earlier run left there is removed."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.folder = target.with_name(f".{target.stem}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.count = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Write the next part. Raises OSError where the disk refuses."""
        if self.count == 0:
            self.folder.mkdir(exist_ok=True)
        with disk_errors():
            frame.write_parquet(self.folder / f"{self.count:06d}.parquet")
        self.count += 1

    def files(self) -> list[Path]:
        """The parts in their order."""
        return sorted(self.folder.glob("*.parquet"))

    def join(self, parts: Sequence[Path] | None = None) -> None:
        """Make the file, of other parts where they are given, and remove the folder."""
        with disk_errors():
            pl.scan_parquet(self.files() if parts is None else list(parts)).sink_parquet(self._target)
        shutil.rmtree(self.folder)
