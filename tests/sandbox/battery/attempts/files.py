"""Reading, listing, making and changing files."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH102, PTH106, PTH108, PTH115, PTH116, PTH118, PTH208

import ctypes
import os
import sqlite3
import sysconfig
import tempfile
from pathlib import Path

from .calls import call
from .kit import MARK, Layer, Targets, attempt, held

LANDLOCK = Layer.LANDLOCK


def marked(text: str | bytes) -> str | None:
    """The evidence, if the text is a decoy's."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"read {shown[:60]!r}" if MARK in shown else None


def opened(path: str, flags: int) -> str:
    """Open and close again; opening is what is not allowed."""
    os.close(os.open(path, flags, 0o666))
    return f"opened {path}"


@attempt("read a file that everybody may read", LANDLOCK)
def read_a_file(targets: Targets) -> str | None:
    return marked(Path(targets.path("open.txt")).read_text())


@attempt("read a file that its owner alone may read", LANDLOCK)
def read_a_private_file(targets: Targets) -> str | None:
    return marked(Path(targets.path("private.txt")).read_text())


@attempt("read another bundle's code", LANDLOCK)
def read_another_bundle(targets: Targets) -> str | None:
    return marked(Path(targets.other_bundle, "strategy.py").read_text())


@attempt("read a key from the home folder", LANDLOCK)
def read_from_home(targets: Targets) -> str | None:
    return marked(Path(targets.home, ".ssh", "id_decoy").read_text())


@attempt("read through a link that lies in the bundle", LANDLOCK)
def read_through_a_link(targets: Targets) -> str | None:
    return marked(Path(targets.bundle, "way_out.txt").read_text())


@attempt("read along a path that leaves the bundle by ..", LANDLOCK)
def read_along_dots(targets: Targets) -> str | None:
    return marked(Path(f"{targets.bundle}/../{Path(targets.folder).name}/open.txt").read_text())


@attempt("read by a name relative to the bundle's folder as a descriptor", LANDLOCK)
def read_from_a_folder(targets: Targets) -> str | None:
    folder = os.open(targets.bundle, os.O_RDONLY | os.O_DIRECTORY)
    try:
        descriptor = os.open(f"../{Path(targets.folder).name}/open.txt", os.O_RDONLY, dir_fd=folder)
        return marked(os.read(descriptor, 100))
    finally:
        os.close(folder)


@attempt("go to a folder and read there", LANDLOCK, "EPERM")
def read_after_chdir(targets: Targets) -> str | None:
    os.chdir(targets.folder)
    try:
        return marked(Path("open.txt").read_text())
    finally:
        os.chdir("/")


@attempt("read with the system call openat", LANDLOCK)
def read_with_openat(targets: Targets) -> str | None:
    descriptor = call("openat", -100, targets.path("open.txt").encode(), os.O_RDONLY, 0)
    return marked(os.read(descriptor, 100))


@attempt("read with the system call openat2", Layer.SECCOMP)
def read_with_openat2(targets: Targets) -> str | None:
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
    descriptor = call("openat2", -100, targets.path("open.txt").encode(), ctypes.byref(how), 24)
    return marked(os.read(descriptor, 100))


@attempt("read by the file's handle", Layer.SECCOMP)
def read_by_handle(targets: Targets) -> str | None:
    handle = (ctypes.c_uint32 * 34)(128)
    mount = ctypes.c_int()
    path = targets.path("open.txt").encode()
    call("name_to_handle_at", -100, path, ctypes.byref(handle), ctypes.byref(mount), 0)
    folder = os.open(targets.folder, os.O_RDONLY)
    return marked(os.read(call("open_by_handle_at", folder, ctypes.byref(handle), os.O_RDONLY), 100))


@attempt("ask for a file's handle", Layer.SECCOMP)
def ask_for_a_handle(targets: Targets) -> str | None:
    handle = (ctypes.c_uint32 * 34)(128)
    mount = ctypes.c_int()
    path = targets.path("open.txt").encode()
    call("name_to_handle_at", -100, path, ctypes.byref(handle), ctypes.byref(mount), 0)
    return f"handle of {handle[0]} bytes"


@attempt("learn how long a file is", LANDLOCK, only_sealed=True)
def stat_a_file(targets: Targets) -> str | None:
    return f"{os.stat(targets.path('open.txt')).st_size} bytes"


@attempt("learn where a link leads", LANDLOCK, only_sealed=True)
def read_a_link(targets: Targets) -> str | None:
    return f"it leads to {os.readlink(targets.path('link'))}"


@attempt("hold a file without opening it", LANDLOCK, "EPERM")
def hold_a_path(targets: Targets) -> str | None:
    return f"{os.fstat(os.open(targets.path('open.txt'), os.O_PATH)).st_size} bytes"


def listed(folder: str) -> str | None:
    """The evidence, if a folder's names can be read."""
    return f"{len(os.listdir(folder))} names in {folder}"


@attempt("list a folder that everybody may list", LANDLOCK)
def list_a_folder(targets: Targets) -> str | None:
    return listed(targets.folder)


@attempt("list the home folder", LANDLOCK)
def list_home(targets: Targets) -> str | None:
    return listed(targets.home)


@attempt("list the root folder", LANDLOCK)
def list_root(targets: Targets) -> str | None:
    return listed("/")


@attempt("list /etc", LANDLOCK)
def list_etc(targets: Targets) -> str | None:
    return listed("/etc")


@attempt("read the list of users", LANDLOCK)
def read_users(targets: Targets) -> str | None:
    return Path("/etc/passwd").read_text()[:40]


@attempt("read the list of passwords", LANDLOCK)
def read_passwords(targets: Targets) -> str | None:
    return f"{len(Path('/etc/shadow').read_text())} characters"


@attempt("list the folder of temporary files", LANDLOCK)
def list_temporary_files(targets: Targets) -> str | None:
    return listed("/tmp")


@attempt("write over a file that everybody may write", LANDLOCK)
def write_over_a_file(targets: Targets) -> str | None:
    Path(targets.path("changed.txt")).write_text("changed")
    return "written"


@attempt("append to a file", LANDLOCK)
def append_to_a_file(targets: Targets) -> str | None:
    with Path(targets.path("changed.txt")).open("a") as file:
        file.write("appended")
    return "appended"


@attempt("open a file for reading and writing", LANDLOCK)
def open_for_both(targets: Targets) -> str | None:
    return opened(targets.path("changed.txt"), os.O_RDWR)


@attempt("cut a file with truncate", Layer.SECCOMP, "EACCES", "ENOENT")
def truncate_a_file(targets: Targets) -> str | None:
    os.truncate(targets.path("changed.txt"), 3)
    return "cut"


@attempt("cut a file by opening it for reading", LANDLOCK, "EPERM")
def truncate_while_reading(targets: Targets) -> str | None:
    return opened(targets.path("changed.txt"), os.O_RDONLY | os.O_TRUNC)


@attempt("make a file in a folder that everybody may write in", LANDLOCK)
def make_a_file(targets: Targets) -> str | None:
    Path(targets.path("made.txt")).write_text("made")
    return "made"


@attempt("make a file by opening it for reading", LANDLOCK, "EPERM")
def make_while_reading(targets: Targets) -> str | None:
    return opened(targets.path("made_by_reading.txt"), os.O_RDONLY | os.O_CREAT)


@attempt("make a file with the system call creat", Layer.SECCOMP, "EACCES")
def make_with_creat(targets: Targets) -> str | None:
    os.close(call("creat", targets.path("made_by_creat.txt").encode(), 0o666))
    return "made"


@attempt("make a file with the system call openat", LANDLOCK)
def make_with_openat(targets: Targets) -> str | None:
    path = targets.path("made_by_openat.txt").encode()
    os.close(call("openat", -100, path, os.O_WRONLY | os.O_CREAT, 0o666))
    return "made"


@attempt("make a file with openat2", Layer.SECCOMP)
def make_with_openat2(targets: Targets) -> str | None:
    how = (ctypes.c_uint64 * 3)(os.O_WRONLY | os.O_CREAT, 0o666, 0)
    os.close(call("openat2", -100, targets.path("made_by_openat2.txt").encode(), ctypes.byref(how), 24))
    return "made"


@attempt("make a file without a name", LANDLOCK, "EPERM")
def make_without_a_name(targets: Targets) -> str | None:
    return opened(targets.folder, os.O_WRONLY | os.O_TMPFILE)


@attempt("make a temporary file", LANDLOCK)
def make_a_temporary_file(targets: Targets) -> str | None:
    descriptor, path = tempfile.mkstemp(dir="/tmp")
    os.close(descriptor)
    os.unlink(path)
    return f"made {path}"


@attempt("make a file in /var/tmp", LANDLOCK)
def make_in_var_tmp(targets: Targets) -> str | None:
    descriptor, path = tempfile.mkstemp(dir="/var/tmp")
    os.close(descriptor)
    os.unlink(path)
    return f"made {path}"


@attempt("make a file beside the strategy's own", LANDLOCK, "EROFS")
def make_in_the_bundle(targets: Targets) -> str | None:
    Path(targets.bundle, "made.py").write_text("made")
    return "made"


@attempt("write over the strategy's own file", LANDLOCK, "EROFS")
def write_over_the_strategy(targets: Targets) -> str | None:
    return opened(os.path.join(targets.bundle, "strategy.py"), os.O_WRONLY)


@attempt("open a file of the standard library for writing", LANDLOCK, "EROFS")
def write_the_standard_library(targets: Targets) -> str | None:
    return opened(os.path.join(sysconfig.get_path("stdlib"), "this.py"), os.O_WRONLY)


@attempt("open the list of users for writing", LANDLOCK)
def write_users(targets: Targets) -> str | None:
    return opened("/etc/passwd", os.O_WRONLY)


@attempt("make a folder", Layer.SECCOMP, "EACCES", "ENOENT")
def make_a_folder(targets: Targets) -> str | None:
    os.mkdir(targets.path("made"))
    return "made"


@attempt("remove a folder", Layer.SECCOMP, "EACCES", "ENOENT")
def remove_a_folder(targets: Targets) -> str | None:
    os.rmdir(targets.path("empty"))
    return "removed"


@attempt("remove a file", Layer.SECCOMP, "EACCES", "ENOENT")
def remove_a_file(targets: Targets) -> str | None:
    os.unlink(targets.path("doomed.txt"))
    return "removed"


@attempt("make a database file", LANDLOCK)
def make_a_database(targets: Targets) -> str | None:
    try:
        with sqlite3.connect(targets.path("made.db")) as database:
            database.execute("create table numbers (number)")
        database.close()
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error):
            held(13, str(error))
        raise
    return "made"


@attempt("make a file in memory and write to it", Layer.SECCOMP, "EFBIG")
def make_in_memory(targets: Targets) -> str | None:
    descriptor = os.memfd_create("battery")
    try:
        return f"wrote {os.write(descriptor, b'x')} byte"
    finally:
        os.close(descriptor)


@attempt("make secret memory", Layer.SECCOMP)
def make_secret_memory(targets: Targets) -> str | None:
    os.close(call("memfd_secret", 0))
    return "made"
