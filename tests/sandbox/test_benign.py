"""What strategies may do keeps working however they are confined: the standard library, threads, asyncio, packages."""

from pathlib import Path
from textwrap import indent

import pytest

from periscope.sandbox.confinement import BEST_FIRST, Tier
from periscope.sandbox.packages import resolve
from tests.sandbox.benign import CASES, FILES
from tests.sandbox.benign_packages import PACKAGE_CASES
from tests.sandbox.short_life import TIERS, live_shortly, write_bundle

NOT_IMPORTED = {
    "_ios_support": "starts a compiler to find libraries of another system",
    "_pyrepl": "Python's own prompt, which starts a compiler to find its libraries",
    "antigravity": "opens a browser",
    "idlelib": "needs a screen",
    "test": "Python's own tests, often not installed",
    "this": "prints a poem",
    "tkinter": "needs a screen",
    "turtle": "needs a screen",
    "turtledemo": "needs a screen",
}
"""Top-level modules that the comparison leaves out. What other systems have is missing in both processes alike."""

IMPORT_ALL = """\
import importlib, pkgutil
def outcome(name):
    try:
        importlib.import_module(name)
    except BaseException as error:
        return type(error).__name__
    return "imported"
names = sorted(sys.stdlib_module_names - set(left_out))
found = {name: outcome(name) for name in names}
for name in names:
    for each in pkgutil.iter_modules(getattr(sys.modules.get(name), "__path__", ()), f"{name}."):
        if not each.name.endswith("__main__"):
            found[each.name] = outcome(each.name)
for name in sorted(found):
    print(name, found[name])"""


@pytest.fixture(params=TIERS)
def tier(request: pytest.FixtureRequest) -> Tier:
    """Each tier that confines."""
    found: Tier = request.param
    return found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder for a strategy, with a package in it."""
    folder = tmp_path / "bundle"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "parts" / "inner.py").write_text("ANSWER = 43\n")
    return folder


def test_everything_works(bundle: Path, tier: Tier) -> None:
    """All cases in one process, one after the other; the name of one that does not work is in the failure."""
    imports = [imports for imports, _ in CASES.values()]
    cases = [f"async def case{n}():\n{indent(body, '    ')}" for n, (_, body) in enumerate(CASES.values())]
    body = f"""\
for name, case in zip({list(CASES)}, [{", ".join(f"case{n}" for n in range(len(cases)))}], strict=True):
    try:
        await case()
    except BaseException as error:
        raise AssertionError(name) from error
    done.append(name)
assert len(done) == {len(CASES)}"""
    said = live_shortly(write_bundle(bundle, "\n".join([*imports, "done = []", *cases]), body, FILES), (tier,))
    assert said.stdout == []
    assert "INFO MainThread looked" in said.stderr


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_it_works(bundle: Path, tier: Tier, name: str) -> None:
    """Each with no other before it."""
    said = live_shortly(write_bundle(bundle, *CASES[name], FILES), (tier,))
    assert said.stdout == []
    assert ("INFO MainThread looked" in said.stderr) == (name == "logging")


@pytest.mark.parametrize(
    ("name", "tier"),
    [(name, Tier.SEALED) for name in PACKAGE_CASES]
    + [pytest.param(name, Tier.CONFINED, marks=pytest.mark.full) for name in PACKAGE_CASES],
)
def test_an_allowed_package_works(bundle: Path, tier: Tier, name: str) -> None:
    """In the other tier `test_packages_work_together` has them all."""
    said = live_shortly(write_bundle(bundle, *PACKAGE_CASES[name]), (tier,), resolve([name]))
    assert said.stderr == [], "a thread of a package that fails says so there, and the results come all the same"


def test_packages_work_together(bundle: Path, tier: Tier) -> None:
    body = """\
frame = pd.DataFrame({"a": np.arange(1000.0), "b": np.arange(1000) % 7})
assert pl.Series(frame["a"].to_numpy()).sum() == frame["a"].sum() == np.sum(frame["a"].to_numpy()) == 499500"""
    imports = "import numpy as np\nimport pandas as pd\nimport polars as pl"
    live_shortly(write_bundle(bundle, imports, body), (tier,), resolve(["numpy", "pandas", "polars"]))


def test_without_a_word_the_best_tier_is_had(bundle: Path) -> None:
    live_shortly(write_bundle(bundle, *CASES["threads"]), BEST_FIRST)


def import_all(bundle: Path, tier: Tier) -> dict[str, str]:
    """What comes of importing each module of the standard library, by name."""
    body = f"left_out = {sorted(NOT_IMPORTED)}\n{IMPORT_ALL}"
    said = live_shortly(write_bundle(bundle, "import sys", body), (tier,))
    return dict(line.split(" ", 1) for line in said.stdout)


@pytest.fixture(scope="module")
def imported_unconfined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What comes of it in a process that is not confined."""
    return import_all(tmp_path_factory.mktemp("unconfined"), Tier.UNCONFINED)


def test_the_standard_library_imports_as_it_does_unconfined(
    bundle: Path, tier: Tier, imported_unconfined: dict[str, str]
) -> None:
    assert list(imported_unconfined.values()).count("imported") > 400
    confined = import_all(bundle, tier)
    assert confined.keys() == imported_unconfined.keys()
    assert {name: said for name, said in confined.items() if imported_unconfined[name] != said} == {}
