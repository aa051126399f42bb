"""One run of one engine in a process of its own: `python -m benchmarks.worker ENGINE CASE FOLDER` plus the cross.

Prints the outcome as one JSON line; whatever the engine prints itself goes to standard error.
"""

import argparse
import importlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.engines.job import Case, Job


def main() -> None:
    """Runs what the arguments say."""
    parser = argparse.ArgumentParser(description="One run of one engine.")
    parser.add_argument("engine")
    parser.add_argument("case", type=Case)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fast", type=int, required=True)
    parser.add_argument("--slow", type=int, required=True)
    arguments = parser.parse_args()
    answer = os.dup(1)
    os.dup2(2, 1)
    engine = importlib.import_module(f"benchmarks.engines.{arguments.engine}")
    job = Job(folder=arguments.folder, case=arguments.case, fast=arguments.fast, slow=arguments.slow)
    outcome = engine.run(job)
    sys.stdout.flush()
    with os.fdopen(answer, "w") as stream:
        stream.write(json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main()
