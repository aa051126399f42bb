"""Packages that the operator allows: which ones are found, which are refused, and what a strategy can import then."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy
import pytest

from periscope.runs.backtest import RunResult, run_backtest
from periscope.sandbox.confinement import Package, Tier
from periscope.sandbox.inside.packages import AllowedFinder, hint_for
from periscope.sandbox.packages import ONE_THREAD, PackageError, environment, resolve, zone_folder
from tests.runs.lab import HEADER, Lab, window_config
from tests.sandbox.short_life import TIERS, FailedError, live_shortly, write_bundle
from tests.sandbox.sources import START

type Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a made-up package into a folder on the path, which it returns."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def write(
        name: str, files: Mapping[str, str], requires: Sequence[str] = (), extra: Mapping[str, str] | None = None
    ) -> Path:
        info = f"{name.replace('-', '_')}-1.5.dist-info"
        lines = [f"Name: {name}", "Version: 1.5", *(f"Requires-Dist: {each}" for each in requires)]
        noted = {f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *lines, ""]), **(extra or {})}
        noted = {path.replace("INFO", info): text for path, text in noted.items()}
        listed = [*files, *noted, f"{info}/RECORD", "../../../bin/made-up", f"{info}/__pycache__/x.pyc"]
        if "no RECORD" not in files:
            noted[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in listed)
        for path, text in {**files, **noted}.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)
        return site

    return write


def by_name(packages: Sequence[Package]) -> dict[str, Package]:
    """The packages by their names."""
    return {package.name: package for package in packages}


@pytest.mark.parametrize("name", ["numpy", "polars", "pandas"])
def test_only_folders_of_the_packages_themselves_are_named(name: str) -> None:
    packages = resolve([name])
    assert packages[0].name == name
    for package in packages:
        assert package.version[0].isdigit()
        assert {place for _, place in package.modules} <= set(package.folders)
        for folder in package.folders:
            assert folder.is_absolute()
            assert folder.exists()
            assert "site-packages" not in folder.name
            assert not list(folder.glob("*.dist-info"))


def test_what_a_package_requires_comes_along() -> None:
    assert "polars-runtime-32" in by_name(resolve(["polars"]))
    found = by_name(resolve(["pandas"]))
    assert {"numpy", "python-dateutil"} <= found.keys()
    assert "pytest" not in found, "which pandas names as an extra"
    assert any(folder.name == "numpy.libs" for folder in found["numpy"].folders)


def test_the_closure_over_requirements(install: Install) -> None:
    install("helper-lib", {"helper_lib.py": ""}, ["desk-tools"])
    install("wide", {"wide/__init__.py": ""})
    install("spare", {"spare/__init__.py": ""})
    requires = [
        "Helper.Lib>=1,<2",
        "windows-only; sys_platform == 'win32'",
        'wide (>=1.0) ; python_version >= "3"',
        'spare[more]>1; extra == "all"',
        "msgspec",
    ]
    install("desk-tools", {"desk_tools/__init__.py": ""}, requires)
    found = resolve(["Desk_Tools", "desk.tools"])
    assert [package.name for package in found] == ["desk-tools", "helper-lib", "wide"]


def test_files_of_every_kind(install: Install) -> None:
    compiled = f"_fast{EXTENSION_SUFFIXES[0]}"
    files = ["desk/__init__.py", "desk/deep/more.txt", "single.py", compiled, "desk.libs/libx.so.1", "desk.pth"]
    site = install("desk", dict.fromkeys(files, ""))
    (package,) = resolve(["desk"])
    assert dict(package.modules) == {"desk": site / "desk", "single": site / "single.py", "_fast": site / compiled}
    assert set(package.folders) == {site / name for name in ("desk", "single.py", compiled, "desk.libs")}
    assert package.version == "1.5"


EDITABLE = {"INFO/direct_url.json": json.dumps({"url": "file:///x", "dir_info": {"editable": True}})}
REFUSED: dict[str, tuple[Mapping[str, str], Mapping[str, str], str]] = {
    "editable": ({"desk/__init__.py": ""}, EDITABLE, "editable"),
    "a namespace": ({"desk/part/__init__.py": ""}, {}, "no __init__.py"),
    "one of Python's": ({"json/__init__.py": ""}, {}, "module json would stand in"),
    "one of Python's, as a file": ({"random.py": ""}, {}, "module random would stand in"),
    "one of ours": ({"libs/__init__.py": ""}, {}, "module libs has the name of one that is ours"),
    "the codec": ({"msgspec/__init__.py": ""}, {}, "module msgspec has the name of one that is ours"),
    "ourselves": ({"periscope/__init__.py": ""}, {}, "module periscope has the name of one that is ours"),
    "no list of files": ({"desk/__init__.py": "", "no RECORD": ""}, {}, "no list of its files"),
    "nothing in it": ({}, {}, "no modules"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused(install: Install, why: str) -> None:
    files, extra, says = REFUSED[why]
    install("desk", files, extra=extra)
    with pytest.raises(PackageError, match=says) as caught:
        resolve(["desk"])
    assert caught.value.code == "PACKAGE_REFUSED"


def test_an_installation_that_lost_files_or_is_made_of_links_is_refused(install: Install) -> None:
    site = install("desk", {"desk/__init__.py": ""})
    (site / "desk").rename(site / "elsewhere")
    with pytest.raises(PackageError, match="missing from its installation"):
        resolve(["desk"])
    (site / "desk").symlink_to(site / "elsewhere")
    with pytest.raises(PackageError, match="links to another place"):
        resolve(["desk"])


@pytest.mark.parametrize(
    ("name", "hint"),
    [("nunpy", "numpy"), ("Pandass", "pandas"), ("dateutil", "python-dateutil"), ("qqqqqqqq", "install qqqqqqqq")],
)
def test_a_name_that_is_not_installed_is_told_with_a_suggestion(name: str, hint: str) -> None:
    with pytest.raises(PackageError, match=f"{name} is not installed") as caught:
        resolve(["numpy", name])
    assert caught.value.code == "PACKAGE_NOT_INSTALLED"
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["numpy>=2", "", "../numpy", "numpy ", "num/py", "numpy[all]", "-numpy"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(PackageError, match="no package's name"):
        resolve([name])


def test_damaged_installations_are_refused_and_confuse_nobody(install: Install) -> None:
    site = install("desk", {"desk/__init__.py": ""})
    (site / "hollow-1.0.dist-info").mkdir()
    (site / "hollow-1.0.dist-info" / "METADATA").write_text("")
    (site / "~esk-1.0.dist-info").mkdir()
    with pytest.raises(PackageError, match="installation is damaged"):
        resolve(["hollow"])
    with pytest.raises(PackageError) as caught:
        resolve(["desc"])
    assert "desk" in caught.value.hint


def test_the_codec_need_not_be_allowed() -> None:
    with pytest.raises(PackageError, match="already"):
        resolve(["MsgSpec"])


def test_a_missing_requirement_is_told_with_who_requires_it(install: Install) -> None:
    install("desk", {"desk/__init__.py": ""}, ["no-such-thing>=3"])
    with pytest.raises(PackageError, match="desk requires the package no-such-thing"):
        resolve(["desk"])


def test_the_environment_caps_threads_where_there_are_packages() -> None:
    zones = {"PYTHONTZPATH": str(zone_folder())}
    assert environment(()) == zones
    given = environment(resolve(["numpy"]))
    assert zones.items() <= given.items()
    assert {given[name] for name in ONE_THREAD} == {"1"}
    assert (zone_folder() / "America" / "New_York").is_file()


def test_the_finder_knows_top_level_modules_only(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "__init__.py").write_text("")
    finder = AllowedFinder({"desk": str(tmp_path / "desk"), "single": str(tmp_path / "single.py")})
    folder, single = finder.find_spec("desk"), finder.find_spec("single", None, None)
    assert folder is not None
    assert folder.submodule_search_locations == [str(tmp_path / "desk")]
    assert single is not None
    assert single.submodule_search_locations is None
    assert finder.find_spec("desk.part", [str(tmp_path / "desk")]) is None
    assert finder.find_spec("other") is None


def test_the_hint_is_for_what_may_be_a_package() -> None:
    """And for what this process has not imported; so the name is one that nothing can have."""
    missing = "No module named 'no_such_package'"
    assert "sandbox.packages" in hint_for(ModuleNotFoundError(missing, name="no_such_package"))
    assert "sandbox.packages" in hint_for(ModuleNotFoundError(missing, name="no_such_package.stats"))
    assert hint_for(ModuleNotFoundError("No module named 'json.x'", name="json.x")) == ""
    assert hint_for(ModuleNotFoundError("odd")) == ""
    assert hint_for(ImportError(missing, name="no_such_package")) == ""


@pytest.fixture(params=TIERS)
def tier(request: pytest.FixtureRequest) -> Tier:
    """Each tier that confines."""
    found: Tier = request.param
    return found


def test_a_package_that_is_not_allowed_is_not_found(tmp_path: Path, tier: Tier) -> None:
    folder = write_bundle(tmp_path / "bundle", "import polars", "pass")
    with pytest.raises(FailedError, match="No module named 'polars'; if it is an installed package, the operator can"):
        live_shortly(folder, (tier,), resolve(["numpy"]))


def test_nothing_is_imported_that_the_strategy_does_not_import(tmp_path: Path, tier: Tier) -> None:
    body = """\
assert not {"numpy", "polars", "importlib.metadata", "inspect", "ast"} & sys.modules.keys()
assert importlib.util.find_spec("polars") is None and importlib.util.find_spec("numpy") is not None
assert "numpy" not in sys.modules and not any("site-packages" in path for path in sys.path)"""
    folder = write_bundle(tmp_path / "bundle", "import importlib.util\nimport sys", body)
    live_shortly(folder, (tier,), resolve(["numpy"]))


def test_a_file_of_the_bundle_goes_before_a_package(tmp_path: Path, tier: Tier) -> None:
    folder = write_bundle(tmp_path / "bundle", "import numpy", "print(numpy.MINE)", {"numpy.py": "MINE = 'mine'\n"})
    assert live_shortly(folder, (tier,), resolve(["numpy"])).stdout == ["mine"]


def test_packages_compute_with_one_thread(tmp_path: Path, tier: Tier) -> None:
    """The digits are those of the matrix product on a machine with one processor, however many there are."""
    body = """\
made = numpy.random.default_rng(1).random((800, 800))
print(repr(float((made @ numpy.linalg.inv(made)).trace())))
assert polars.thread_pool_size() == 1
assert all(os.environ[name] == "1" for name in NAMES)"""
    imports = f"import os\nimport numpy\nimport polars\nNAMES = {ONE_THREAD}"
    folder = write_bundle(tmp_path / "bundle", imports, body)
    said = live_shortly(folder, (tier,), resolve(["numpy", "polars"]))
    alone = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    code = "import numpy\n" + "\n".join(body.splitlines()[:2])
    here = subprocess.run([sys.executable, "-c", code], env=alone, check=True, capture_output=True, text=True)
    assert said.stdout == here.stdout.split()


def test_a_package_in_a_folder_that_others_cannot_enter(install: Install, tmp_path: Path, tier: Tier) -> None:
    """Root's own environments lie in such folders, and in the confined tier root's strategies are nobody."""
    site = install("desk", {"desk/__init__.py": "from desk import more", "desk/more.py": "X = 5", "single.py": "Y = 6"})
    site.chmod(0o755)
    tmp_path.chmod(0o700)
    folder = write_bundle(tmp_path / "bundle", "import desk\nimport single", "print(desk.more.X, single.Y)")
    assert live_shortly(folder, (tier,), resolve(["desk"])).stdout == ["5 6"]


NUMPY_STRATEGY = """\
import numpy

class Strategy(Base):
    closes = []
    async def on_start(self, as_of_time):
        return [register(), cash(100000)]
    async def on_bar(self, event):
        self.closes.append(float(event.bar.close))
        crossed = len(self.closes) == 60 and numpy.mean(self.closes[-10:]) != numpy.mean(self.closes)
        return [order("BUY", 1)] if crossed else []
"""


def run(lab: Lab, source: str, packages: Sequence[Package]) -> RunResult:
    """A run with packages, over a day of AAA."""
    return run_backtest(lab.bundle(source), window_config("09:30", "16:00"), lab.catalog, packages=packages)


def test_a_run_with_a_package_says_which(lab: Lab) -> None:
    document = run(lab, NUMPY_STRATEGY, resolve(["numpy"])).document()
    assert (document["status"], document["fills"], document["issues"]) == ("complete", 1, [])
    assert document["sandbox"]["packages"] == [{"name": "numpy", "version": numpy.__version__}]
    refused = run(lab, NUMPY_STRATEGY, ())
    assert refused.exit_code == 4
    issue = refused.document()["issues"][0]
    assert "the operator can allow it: sandbox.packages in periscope.toml" in issue["message"]
    assert issue["location"]["line"] == HEADER.count("\n") + 1


def test_allowing_a_package_changes_no_hash(lab: Lab) -> None:
    source = START + "    async def on_bar(self, event):\n        return []\n"
    documents = [run(lab, source, packages).document() for packages in ((), resolve(["numpy"]))]
    assert documents[0]["fills"] == 1
    assert documents[0]["hash"] == documents[1]["hash"]
