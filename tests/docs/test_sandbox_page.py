"""docs/sandbox.md says what works in the sandbox and what raises: each line of its tables is run there."""

import json
import re
from pathlib import Path

import pytest

from periscope.runs.config import CORE_KEYS
from periscope.runs.issues import ISSUE_CODES
from periscope.sandbox.confinement import Tier
from periscope.sandbox.probe import probe
from tests.docs.generate import ROOT
from tests.runs.lab import AAA, Lab, walk

PAGE = (ROOT / "docs" / "sandbox.md").read_text()
WORKS = re.findall(r"^\| [^|`]+ \| `(.+)` \|$", PAGE, flags=re.MULTILINE)
RAISES = re.findall(r"^\| `(.+)` \| (\w+) \| (\w+) \|$", PAGE, flags=re.MULTILINE)
LIMITS = re.findall(r"^\| `(limits\.\w+)` \| .+ \| `(\w+)`", PAGE, flags=re.MULTILINE)

SOURCE = """
import json

class Strategy(Base):
    async def on_start(self, as_of_time):
        for line in LINES:
            try:
                exec(line, {"__file__": __file__})
            except Exception as error:
                outcome = type(error).__name__
            else:
                outcome = "works"
            print(json.dumps(["tried", line, outcome]))
        return [register()]
    async def on_bar(self, event):
        return []
"""


def outcomes(lab: Lab, lines: list[str]) -> dict[str, str]:
    """What becomes of each line in a strategy's process: `works`, or the name of the exception."""
    ran = lab.run(f"LINES = {lines!r}\n{SOURCE}")
    assert ran.document["status"] == "complete", ran.document["issues"]
    said = [json.loads(entry["line"]) for entry in ran.logs if entry["line"].startswith('["tried"')]
    return {line: outcome for _, line, outcome in said}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path).add(AAA, minute=walk("09:30", 5))


@pytest.mark.parametrize(("tier", "column"), [(Tier.SEALED, 1), (Tier.CONFINED, 2)])
def test_what_the_tables_say_is_what_happens(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tier: Tier, column: int
) -> None:
    if tier is Tier.SEALED and probe().tier is not Tier.SEALED:
        pytest.skip("this machine has no sealed tier")
    monkeypatch.setattr("periscope.runs.backtest.BEST_FIRST", (tier,))
    expected = dict.fromkeys(WORKS, "works") | {row[0]: row[column] for row in RAISES}
    assert len(WORKS) > 8
    assert len(RAISES) > 15
    assert outcomes(lab, list(expected)) == expected


def test_the_limits_are_the_core_keys_with_codes_of_the_catalogue() -> None:
    keys = {key.path for key in CORE_KEYS if key.path.startswith("limits.")}
    assert {key for key, _ in LIMITS} == keys
    assert {code for _, code in LIMITS} <= set(ISSUE_CODES)


def test_the_security_page_and_this_one_name_the_same_codes() -> None:
    for code in re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE + (ROOT / "SECURITY.md").read_text()):
        assert code in ISSUE_CODES, code
