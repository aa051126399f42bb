"""Nothing lies around: every module is used, and every link in the documents leads somewhere."""

import re

from tests.tidy.source import ROOT, allowed, sources

ours = sources("libs", "periscope")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
)


def _used_names() -> set[str]:
    used = {name for source in ours for name, _ in source.imports}
    used |= {name.rpartition(".")[0] for name in used}
    quoted = re.compile(r"[\"']((?:periscope|libs)(?:\.\w+)+)")
    return used | {name for source in ours for name in quoted.findall(source.text)}


def test_every_module_is_used_by_another() -> None:
    used = _used_names()
    dead = []
    for source in ours:
        entry = source.path.endswith(("__init__.py", "__main__.py"))
        template = source.path.startswith("periscope/strategies/templates/")
        if not (entry or template) and source.module not in used and not allowed("dead", source.path):
            dead.append(f"{source.path}: nothing imports it; use it, or remove it")
    assert not dead, "\n".join(dead)


def without_code(text: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_link_is_broken() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code((ROOT / page).read_text())):
            path, _, anchor = target.partition("#")
            file = ROOT / page if not path else (ROOT / page).parent / path
            if re.match(r"[a-z]+:", target):
                continue
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text())):
                broken.append(f"{page} links to {target}")
    assert not broken, "\n".join(broken)
