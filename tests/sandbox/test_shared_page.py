"""The page that engine and strategy share: nobody may take it away from under the other."""

from pathlib import Path

from periscope.sandbox.confinement import Tier
from tests.sandbox.short_life import live_shortly, write_bundle

SHRINK = """\
sizes = []
for descriptor in range(3, 64):
    try:
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith("/memfd:"):
            sizes.append(descriptor)
            os.ftruncate(descriptor, 0)
    except OSError as error:
        print(type(error).__name__, error.errno)
print(len(sizes) > 0)
"""


def test_the_page_cannot_be_made_smaller_even_without_a_sandbox(tmp_path: Path) -> None:
    said = live_shortly(write_bundle(tmp_path / "bundle", "import os", SHRINK), (Tier.UNCONFINED,))
    *errors, found = said.stdout
    assert found == "True"
    errors = [each for each in errors if each != "FileNotFoundError 2"]
    assert errors
    assert set(errors) == {"PermissionError 1"}
