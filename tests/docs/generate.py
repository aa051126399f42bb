"""The parts of the docs that are made from tables in the code. `python -m tests.docs.generate` writes them anew."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from periscope.execution.fee_schedules import FEE_SCHEDULES, SHARED_SOURCES, Dated, PerContractByRoot, SellsOnly
from periscope.execution.fees import FeeModel
from periscope.runs.config import CORE_KEYS
from periscope.runs.issues import ISSUE_CODES
from tests.docs.api_tables import api_codes_table, client_calls_table, client_codes_table, routes_tables

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


def fee_schedules_tables() -> str:
    """A section for each broker's schedule: its parts, and what it does not know; then the rates that they share."""
    sections = []
    for fees in FEE_SCHEDULES.values():
        about = f"{fees.title}. Source: {fees.source}. As of: {fees.as_of}. Not in it: {fees.left_out}."
        lines = [f"### `{fees.name}`", "", about, "", "| Part | What it costs |", "|---|---|"]
        sections.append("\n".join(lines + [f"| {name} | {_fee(part)} |" for name, part in fees.parts]))
    lines = ["### Rates by date", "", "| Part | From | What a sell costs |", "|---|---|---|"]
    for name, part in FEE_SCHEDULES["alpaca"].parts:
        if isinstance(part, SellsOnly) and isinstance(part.inner, Dated):
            days = ["the beginning", *(_day(start) for start in part.inner.since[1:])]
            rates = zip(days, part.inner.models, strict=True)
            lines += [f"| {name} | {day} | {model.describe()} |" for day, model in rates]
    sources = "\n".join(f"- `{name}`: {source}." for name, source in SHARED_SOURCES.items())
    return "\n\n".join([*sections, "\n".join(lines), "Sources of what several schedules share:", sources])


def _fee(model: FeeModel) -> str:
    match model:
        case SellsOnly(Dated()):
            return "on sells, by date: see below"
        case PerContractByRoot(rates):
            roots: dict[str, list[str]] = {}
            for root, rate in rates.items():
                roots.setdefault(str(rate), []).append(root)
            return "a contract: " + "; ".join(f"{rate} {', '.join(names)}" for rate, names in roots.items())
        case _:
            return model.describe()


def _day(time: int) -> str:
    return datetime.fromtimestamp(time // 1_000_000, ZoneInfo("America/New_York")).date().isoformat()


GENERATED: dict[str, dict[str, Callable[[], str]]] = {
    "docs/client.md": {"client codes": client_codes_table, "calls": client_calls_table},
    "docs/core-keys.md": {"core keys": core_keys_table},
    "docs/fee-schedules.md": {"fee schedules": fee_schedules_tables},
    "docs/issue-codes.md": {"issue codes": issue_codes_list},
    "docs/rest.md": {"routes": routes_tables, "codes": api_codes_table},
}
"""Page: its generated parts by name, and what makes each."""


def with_generated_part(page: str, text: str) -> str:
    """The page's text with its generated parts as the code has them now."""
    for name, make in GENERATED[page].items():
        begin, end = f"<!-- begin generated: {name} -->", f"<!-- end generated: {name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        assert pattern.search(text), f"{page} lacks the markers {begin} and {end}"
        made = f"{begin}\n{make()}\n{end}"
        text = pattern.sub(made.replace("\\", r"\\"), text)
    return text


if __name__ == "__main__":
    for page_name in GENERATED:
        path = ROOT / page_name
        path.write_text(with_generated_part(page_name, path.read_text()))
