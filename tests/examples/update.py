"""Writes every example's expected.json anew: `python -m tests.examples.update`. Look at what changed before you commit.

The hash changes with any change to a strategy's files, since order ids are made from the version of the bundle; the
figures should change only where the strategy or a rule of the market did.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from periscope.market.catalog import Catalog
from periscope.market.sample import make_sample
from tests.examples.running import EXAMPLES, NAMES, expectations, figures, run_example

NOTE = "Made by tests/examples/update.py from run.json and the sample market with its default seed."


def expected(name: str, catalog: Catalog) -> dict[str, Any]:
    """What the example's file should hold now, for the runs that it lists."""
    known = expectations(name) if (EXAMPLES / name / "expected.json").exists() else [{"set": []}]
    runs = [{"set": run["set"], **figures(run_example(name, catalog, run["set"]).result)} for run in known]
    return {"note": NOTE, "runs": runs}


def main() -> None:
    """Write all of them, and say what is new."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog.create(Path(folder))
        make_sample(catalog)
        for name in NAMES:
            file = EXAMPLES / name / "expected.json"
            text = json.dumps(expected(name, catalog), indent=2) + "\n"
            is_new = not file.exists() or file.read_text() != text
            file.write_text(text)
            sys.stdout.write(f"{name}: {'changed' if is_new else 'as it was'}\n")


if __name__ == "__main__":
    main()
