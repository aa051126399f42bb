"""A process started as carelessly as can be: what only the launch keeps away from a strategy is all there to be found.

It shows that the attempts to find it can succeed.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import periscope.sandbox.session
from tests.sandbox.battery.attempts.kit import Layer, tell
from tests.sandbox.battery.attempts.running import all_attempts, targets_of
from tests.sandbox.battery.decoys import PROJECT, Decoys
from tests.sandbox.battery.running import Outcome, outcomes_in

KEPT = [sys.argv, periscope.sandbox.session.Session]


def run_carelessly() -> dict[str, Outcome]:
    """The attempts of the layer `launch` in such a process."""
    with Decoys() as decoys:
        file = os.open(decoys.folder / "open.txt", os.O_RDONLY)
        folder = os.open(decoys.folder, os.O_RDONLY | os.O_DIRECTORY)
        readable, written = os.pipe()
        os.write(written, b"something")
        try:
            ran = subprocess.run(
                [sys.executable, "-m", __name__, decoys.secret.text],
                input=json.dumps(asdict(decoys.targets())),
                stdout=subprocess.PIPE,
                stderr=readable,
                cwd=PROJECT,
                pass_fds=(file, folder),
                text=True,
                check=True,
            )
        finally:
            for descriptor in (file, folder, readable, written):
                os.close(descriptor)
    return outcomes_in(ran.stdout.splitlines())


def main() -> None:
    """Make the attempts; the targets come by standard input."""
    targets = targets_of(json.load(sys.stdin))
    assert Path(targets.folder).is_dir()
    for attempt in all_attempts().values():
        if attempt.layer is Layer.LAUNCH:
            tell(attempt, targets)


if __name__ == "__main__":
    main()
