"""Nothing lies around: every module is used, and every link in the documents leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, Source, allowed, sources

ours = sources("libs", "periscope")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
)


def _used_names() -> set[str]:
    used = {name for source in ours for name, _ in source.imports()}
    used |= {name.rpartition(".")[0] for name in used}
    quoted = re.compile(r"[\"']((?:periscope|libs)(?:\.\w+)+)")
    return used | {name for source in ours for name in quoted.findall(source.text)}


@pytest.mark.parametrize("source", ours, ids=lambda source: source.path)
def test_every_module_is_used_by_another(source: Source) -> None:
    is_package = source.path.endswith("__init__.py")
    template = source.path.startswith("periscope/cli/templates/")
    if is_package or template or allowed("dead", source.path):
        return
    assert source.module in _used_names(), f"nothing imports {source.path}: use it, or remove it"


def without_code(text: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_no_link_is_broken(page: str) -> None:
    text = without_code((ROOT / page).read_text())
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = Path(ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text())):
            broken.append(target)
    assert not broken, f"{page} links to {', '.join(broken)}"
