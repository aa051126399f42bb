"""Reads a strategy's folder into an immutable bundle, with every problem found on the way."""

import hashlib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libs.common_types.src.types import JSONValue
from periscope.strategies.problems import Problem, file_problem, printable

STRATEGY_FILE = "strategy.py"
SCHEMA_FILE = "config_schema.json"
REQUIRED = (STRATEGY_FILE, SCHEMA_FILE)

MAX_HELPERS = 48
MAX_FILE_BYTES = 10_000_000
MAX_BUNDLE_BYTES = 50_000_000
MAX_NAME_LENGTH = 200
"""Of a file, in characters; file systems take 255 bytes."""

RESERVED = ("libs.py", "periscope.py")
"""Names that would hide the SDK or the platform from the strategy."""

_HELPER = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]*\.py", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A strategy as it runs: its folder, its files by name, its parameters' schema, the hash of its contents."""

    root: Path
    files: Mapping[str, bytes]
    schema: dict[str, JSONValue]
    version: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a bundle that could be read, and what was wrong with the others."""

    files: dict[str, bytes]
    problems: list[Problem]
    warnings: list[Problem]


def bundle_version(files: Mapping[str, bytes]) -> str:
    """SHA-256, in hexadecimal, over name, length and content of each file, by name."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def read_folder(path: Path) -> Folder:
    """The `.py` files and the schema at the top of a folder. Whatever else lies there is not part of the bundle."""
    found = Folder({}, [], [])
    try:
        entries = sorted(path.iterdir(), key=lambda entry: (entry.name not in REQUIRED, entry.name))
    except OSError as error:
        mend = f"Name the folder that holds {STRATEGY_FILE} and {SCHEMA_FILE}."
        rule = f"expected a folder that can be read ({error.strerror or error})"
        found.problems.append(file_problem("BUNDLE_NOT_FOUND", str(path), rule, mend))
        return found
    members = [entry for entry in entries if entry.name == SCHEMA_FILE or entry.suffix == ".py"]
    names = [entry.name for entry in members]
    found.problems.extend(_count_problems(names))
    found.problems.extend(_case_problems(names))
    total = 0
    for entry in members[: MAX_HELPERS + len(REQUIRED)]:
        content = _read(entry, found.problems)
        if content is None:
            continue
        total += len(content)
        if total > MAX_BUNDLE_BYTES:
            found.problems.append(_too_large_together(str(path)))
            break
        found.files[entry.name] = content
    found.problems.extend(_required_problems(found))
    found.warnings.extend(_folder_warnings(entries))
    return found


def outline_problems(sizes: Mapping[str, int], shown: str) -> list[Problem]:
    """What is wrong with the names, the number and the sizes of a bundle's files, whatever they hold.

    `sizes` are bytes by name; `shown` is what a problem of the whole calls it.
    """
    problems = [wrong for name in sorted(sizes) if (wrong := name_problem(name)) is not None]
    problems += [_too_large(name, sizes[name]) for name in sorted(sizes) if sizes[name] > MAX_FILE_BYTES]
    problems += _count_problems(sorted(sizes))
    problems += _case_problems(sorted(sizes))
    if sum(sizes.values()) > MAX_BUNDLE_BYTES:
        problems.append(_too_large_together(shown))
    return problems


def _count_problems(names: list[str]) -> list[Problem]:
    helpers = [name for name in names if name not in REQUIRED]
    if len(helpers) <= MAX_HELPERS:
        return []
    rule = f"expected at most {MAX_HELPERS} helper modules, found {len(helpers)}"
    extra = printable(helpers[MAX_HELPERS])
    return [file_problem("FILE_COUNT", extra, rule, "Join some of them.")]


def _case_problems(names: list[str]) -> Iterator[Problem]:
    """Two names that are one where upper and lower case are not told apart: the bundle could not be copied there."""
    seen: dict[str, str] = {}
    for name in names:
        earlier = seen.setdefault(name.casefold(), name)
        if earlier != name:
            rule = f"expected names that differ in more than upper and lower case, found {printable(earlier)} too"
            yield file_problem("FILE_NAME", printable(name), rule, "Rename the file.")


def name_problem(name: str) -> Problem | None:
    """What is wrong with the name of a bundle's file, if anything is."""
    shown = printable(name) if not name.isprintable() else name
    if name not in REQUIRED and not _HELPER.fullmatch(name):
        rule = f"expected a name of letters, digits, _, . and - that ends in .py, found {printable(name)}"
        return file_problem("FILE_NAME", shown, rule, "Rename the file.")
    if len(name) > MAX_NAME_LENGTH:
        rule = f"expected a name of at most {MAX_NAME_LENGTH} characters, found {len(name)}"
        return file_problem("FILE_NAME", printable(name), rule, "Rename the file.")
    if name in RESERVED:
        rule = f"expected another name than {name}, which would hide the platform's own package"
        return file_problem("FILE_NAME", shown, rule, "Rename the file.")
    return None


def _read(entry: Path, problems: list[Problem]) -> bytes | None:
    """The content of one file; None, and a problem, where it can't be part of a bundle."""
    name = entry.name
    wrong = name_problem(name)
    if wrong is not None:
        problems.append(wrong)
        return None
    shown = name
    try:
        status = entry.lstat()
        if not stat.S_ISREG(status.st_mode):
            rule = "expected a regular file, found a link, a folder or a device"
            problems.append(file_problem("FILE_KIND", shown, rule, "Copy the file itself into the folder."))
            return None
        if status.st_size <= MAX_FILE_BYTES:
            with entry.open("rb") as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
            if len(content) <= MAX_FILE_BYTES:
                return content
    except OSError as error:
        rule = f"expected a file that can be read ({error.strerror or error})"
        problems.append(file_problem("FILE_UNREADABLE", shown, rule, "Check the file's permissions."))
        return None
    problems.append(_too_large(shown, status.st_size))
    return None


def _too_large(name: str, size: int) -> Problem:
    rule = f"expected at most {MAX_FILE_BYTES:,} bytes, found {size:,}"
    return file_problem("FILE_TOO_LARGE", name, rule, "Make the file smaller.")


def _too_large_together(shown: str) -> Problem:
    rule = f"expected at most {MAX_BUNDLE_BYTES:,} bytes in all, found more"
    return file_problem("FILE_TOO_LARGE", shown, rule, "Make the bundle smaller.")


def _required_problems(found: Folder) -> list[Problem]:
    problems = []
    refused = {problem.file for problem in found.problems}
    for name in REQUIRED:
        if name in refused:
            continue
        if name not in found.files:
            mend = "periscope new NAME makes a bundle to start from."
            problems.append(file_problem("FILE_MISSING", name, "expected this file in the folder, found none", mend))
        elif not found.files[name].strip():
            problems.append(file_problem("FILE_EMPTY", name, "expected a file with content, found an empty one", _FILL))
    return problems


_FILL = "periscope new NAME makes a bundle with both files filled in."


def _folder_warnings(entries: list[Path]) -> list[Problem]:
    warnings = []
    for entry in entries:
        if entry.name.startswith((".", "__")) or entry.is_symlink() or not entry.is_dir():
            continue
        if any(entry.glob("*.py")):
            rule = "Python files in a subfolder are not part of the bundle"
            mend = f"Move them beside {STRATEGY_FILE}, if the strategy imports them."
            warnings.append(file_problem("FOLDER_IGNORED", f"{entry.name}/", rule, mend))
    return warnings


def decode(files: Mapping[str, bytes], name: str) -> str | Problem:
    """The text of a file, without a byte order mark; a problem with its line if it is not UTF-8."""
    try:
        return files[name].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        rule = f"expected UTF-8 text, found the byte 0x{error.object[error.start]:02x}"
        return Problem("FILE_NOT_UTF8", name, line, column, "", rule, "Save the file as UTF-8.")
