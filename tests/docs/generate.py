"""The parts of the docs that are made from tables in the code. `python -m tests.docs.generate` writes them anew."""

import json
import re
from pathlib import Path

from periscope.runs.config import CORE_KEYS
from periscope.runs.issues import ISSUE_CODES

ROOT = Path(__file__).resolve().parents[2]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def core_keys_table() -> str:
    """The table of `core` keys."""
    lines = ["| Key | Type | Default | Allowed | Why |", "|---|---|---|---|---|"]
    for key in CORE_KEYS:
        cells = (f"`{key.path}`", key.type_name, f"`{json.dumps(key.default)}`", key.allowed, key.reason)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def issue_codes_list() -> str:
    """One short section for each issue code."""
    parts = []
    for entry in ISSUE_CODES.values():
        kinds = f"{entry.component}, {entry.classification.replace('_', ' ')}, {entry.severity}"
        parts.append(f"### {entry.code}\n\n{entry.cause} ({kinds})\n\n- Example: {entry.example}\n- Mend: {entry.mend}")
    return "\n\n".join(parts)


GENERATED = {
    "docs/core-keys.md": ("core keys", core_keys_table),
    "docs/issue-codes.md": ("issue codes", issue_codes_list),
}
"""Page: the name of its generated part, and what makes it."""


def with_generated_part(page: str, text: str) -> str:
    """The page's text with its generated part as the code has it now."""
    name, make = GENERATED[page]
    begin, end = f"<!-- begin generated: {name} -->", f"<!-- end generated: {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    assert pattern.search(text), f"{page} lacks the markers {begin} and {end}"
    return pattern.sub(lambda _: f"{begin}\n{make()}\n{end}", text)


if __name__ == "__main__":
    for page_name in GENERATED:
        path = ROOT / page_name
        path.write_text(with_generated_part(page_name, path.read_text()))
