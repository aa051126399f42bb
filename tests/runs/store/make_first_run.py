"""Wrote `first_run.zip`: a catalog and the folder of a run, as the first release with journals leaves them.

They are kept as they are: a later release must open both. Written anew they would prove nothing, so this script refuses
to write over them.
"""

import shutil
import tempfile
from pathlib import Path

from tests.runs.lab import AAA, Lab, walk

ARCHIVE = Path(__file__).parent / "first_run.zip"
TRADER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("10000.5"), register(), limit("BUY", 1, "1"), order("SELL_TO_CLOSE", 1)]

    async def on_bar(self, event):
        self.bars += 1
        return {10: [order("BUY", 3)], 20: [order("CLOSE")], 30: [order("BUY", 2)]}.get(self.bars, [])
"""


def main() -> None:
    """Write it, once."""
    if ARCHIVE.exists():
        raise SystemExit(f"{ARCHIVE} is there, and must stay as it is")
    with tempfile.TemporaryDirectory() as name:
        lab = Lab(Path(name)).add(AAA, minute=walk("09:30", 60))
        ran = lab.run(TRADER)
        assert ran.exit_code == 0, ran.document["issues"]
        first = Path(name) / "first"
        shutil.copytree(ran.out, first / "run")
        shutil.copytree(lab.folder / "catalog", first / "catalog", ignore=shutil.ignore_patterns(".lock"))
        result = first / "run" / "result.json"
        result.write_text(result.read_text().replace(name, "/first"))
        shutil.make_archive(str(ARCHIVE.with_suffix("")), "zip", first)


if __name__ == "__main__":
    main()
