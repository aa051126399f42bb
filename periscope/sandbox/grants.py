"""What of the file system a strategy's process may read: the table, with a reason for each entry."""

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

import libs
from periscope.sandbox.confinement import Package
from periscope.sandbox.packages import zone_folder

_INSIDE = Path(__file__).parent / "inside"
_STRANGERS = ("site-packages", "dist-packages")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_WIDE_LIBRARY_FOLDERS = ("/usr/lib64", "/lib64", "/usr/lib", "/lib")


class Access(StrEnum):
    """How something may be read."""

    READ = "read"
    """Files can be opened, folders listed."""
    LOAD = "load"
    """Files can be opened by whoever knows their names."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A file, or a folder with all in it."""

    path: str
    access: Access
    reason: str


WRITABLE = ("/dev/null",)
"""The one thing that may be written to, since what is written there is gone."""


def mounted_folders() -> tuple[str, str, str]:
    """The folders of the three packages that the process can import beside the standard library, in boot's order."""
    return str(Path(libs.__file__).parent), str(Path(msgspec.__file__).parent), str(_INSIDE)


def grants(packages: Sequence[Package]) -> list[Grant]:
    """Everything but the bundle itself, each path also by the name that it has without symbolic links."""
    found = [
        *_of_this_installation(),
        *(_of_package(package, path) for package in packages for path in package.folders),
    ]
    real = (Grant(os.path.realpath(grant.path), grant.access, grant.reason) for grant in found)
    return list(dict.fromkeys([*found, *real]))


def hidden_folders() -> list[str]:
    """Folders within the granted ones that are none of a strategy's business: packages installed beside Python."""
    inside = (f"{folder}/{name}" for folder in _standard_library() for name in _STRANGERS)
    return [*dict.fromkeys(path for folder in inside for path in (folder, os.path.realpath(folder)))]


@cache
def _of_this_installation() -> tuple[Grant, ...]:
    sdk, codec, ours = mounted_folders()
    return (
        *(Grant(folder, Access.READ, "the standard library") for folder in _standard_library()),
        Grant(sdk, Access.READ, "the SDK"),
        Grant(codec, Access.READ, "the codec of the messages"),
        Grant(ours, Access.READ, "the part of Periscope that runs in the process"),
        Grant(str(zone_folder()), Access.READ, "time zones, of the version that Periscope brings along"),
        Grant("/usr/share/zoneinfo", Access.READ, "time zones, for code that looks where they usually are"),
        Grant("/usr/lib/locale", Access.READ, "locales"),
        Grant("/etc/mime.types", Access.LOAD, "kinds of files, which `mimetypes` can't do without where it sees them"),
        Grant("/etc/ld.so.cache", Access.LOAD, "where the loader looks up libraries"),
        *(Grant(folder, Access.LOAD, "libraries that extension modules need") for folder in _library_folders()),
        *(Grant(device, Access.LOAD, "devices that hold nothing") for device in _DEVICES),
    )


def _of_package(package: Package, path: Path) -> Grant:
    return Grant(str(path), Access.READ, f"the package {package.name}, which the operator allows")


def _standard_library() -> list[str]:
    """The folders of Python's own modules, without those of a virtual environment."""
    folders = [
        sysconfig.get_path("stdlib"),
        str(Path(sys.base_prefix) / sys.platlibdir / Path(os.__file__).parent.name),
    ]
    return [*dict.fromkeys(folder for folder in folders if Path(folder).is_dir())]


def _library_folders() -> Iterator[str]:
    """Where shared libraries are: the folders of this kind of machine where there are some, else all of them."""
    own = sysconfig.get_config_var("MULTIARCH")
    narrow = [f"{above}/{own}" for above in ("/lib", "/usr/lib") if own and Path(f"{above}/{own}").is_dir()]
    yield from narrow or (folder for folder in _WIDE_LIBRARY_FOLDERS if Path(folder).is_dir())
    if narrow:
        yield from (f"/lib64/{name.name}" for name in Path("/lib64").glob("ld-*"))
    prefix = Path(sys.base_prefix) / "lib"
    if str(prefix) not in _WIDE_LIBRARY_FOLDERS:
        yield from (str(path) for path in prefix.glob("lib*.so*"))
