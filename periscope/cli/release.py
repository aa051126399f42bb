"""Which Periscope this is, and what came with it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
BUNDLE_TEMPLATE = Path(__file__).resolve().parent / "templates" / "bundle"


def release() -> str:
    """The version of the installed distribution."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("periscope-trading")
    except PackageNotFoundError:
        return "unknown"


def example_bundles() -> dict[str, Path]:
    """The examples by name: inside the package when installed from a wheel, beside it in a checkout."""
    folders = (PACKAGE / "examples", PACKAGE.parent / "examples")
    for folder in folders:
        found = sorted(path.parent for path in folder.glob("*/strategy.py"))
        if found:
            return {path.name: path for path in found}
    return {}
