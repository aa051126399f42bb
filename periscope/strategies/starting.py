"""Bundles to start from: the template, and the examples."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
BUNDLE_TEMPLATE = Path(__file__).resolve().parent / "templates" / "bundle"


def example_bundles() -> dict[str, Path]:
    """The examples by name: inside the package when installed from a wheel, beside it in a checkout."""
    folders = (_PACKAGE / "examples", _PACKAGE.parent / "examples")
    for folder in folders:
        found = sorted(path.parent for path in folder.glob("*/strategy.py"))
        if found:
            return {path.name: path for path in found}
    return {}
