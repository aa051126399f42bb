"""A bundle as one file: a ZIP archive whose bytes depend on nothing but the bundle, read back without trust.

An archive may come from a stranger. Its directory is looked at before anything is unpacked, nothing is written while
it is read, and no name in it becomes a path. What is not exactly one plain file of a bundle is refused with its place.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from periscope.strategies.bundle import (
    MAX_BUNDLE_BYTES,
    MAX_FILE_BYTES,
    MAX_HELPERS,
    MAX_NAME_LENGTH,
    REQUIRED,
    name_problem,
)
from periscope.strategies.problems import Problem, file_problem, printable

MAX_MEMBERS = MAX_HELPERS + len(REQUIRED)
_MAX_DIRECTORY_BYTES = MAX_MEMBERS * 1_000
MAX_ARCHIVE_BYTES = MAX_BUNDLE_BYTES + 2 * _MAX_DIRECTORY_BYTES

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_PLAIN_FILE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3
_MADE_BY = (
    "periscope versions NAME@NUMBER --export FILE makes one; so does zipping a strategy's files, without their folder."
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files of an archive by name, or what is wrong with it; never both."""

    files: dict[str, bytes]
    problems: list[Problem]


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """A bundle's files as an archive: sorted, uncompressed, undated, so that equal bundles give equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _EARLIEST)
            member.create_system = _UNIX
            member.external_attr = _PLAIN_FILE
            archive.writestr(member, files[name])
    return target.getvalue()


def read_archive(data: bytes, name: str = "archive") -> Unpacked:
    """Unpack in memory, at most MAX_BUNDLE_BYTES. `name` is what problems call the archive."""
    whole = _archive_problem(data, name)
    if whole is not None:
        return Unpacked({}, [whole])
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, zlib.error, OSError) as error:
        return Unpacked({}, [_invalid(name, f"its directory can't be read ({printable(str(error))})")])
    if len(members) != _member_count(data):
        return Unpacked({}, [_invalid(name, "its directory does not list as many members as it says")])
    problems = list(_member_problems(members, name))
    if problems:
        return Unpacked({}, problems)
    files: dict[str, bytes] = {}
    for member in members:
        content = _content(data, member)
        if isinstance(content, str):
            problems.append(_refused(member.filename, content))
        else:
            files[member.filename] = content
    return Unpacked({}, problems) if problems else Unpacked(files, [])


def _archive_problem(data: bytes, name: str) -> Problem | None:
    """What is wrong with the archive's outline, found without reading its directory, which could be huge."""
    if len(data) > MAX_ARCHIVE_BYTES:
        rule = f"expected at most {MAX_ARCHIVE_BYTES:,} bytes, found {len(data):,}"
        return file_problem("ARCHIVE_TOO_LARGE", name, rule, "Make the bundle smaller.")
    if len(data) < _END.size or data[-_END.size : -_END.size + 4] != b"PK\5\6":
        return _invalid(name, "it does not end as a ZIP archive without a comment does")
    _, disk, first_disk, on_disk, count, size, offset, _ = _END.unpack(data[-_END.size :])
    if disk or first_disk or on_disk != count:
        return _invalid(name, "it is a part of several")
    if not 0 < count <= MAX_MEMBERS or size > _MAX_DIRECTORY_BYTES:
        rule = f"expected 1 to {MAX_MEMBERS} files, found {count:,}"
        if 0 < count <= MAX_MEMBERS:
            rule = f"expected a directory of at most {_MAX_DIRECTORY_BYTES:,} bytes, found {size:,}"
        return file_problem("ARCHIVE_TOO_LARGE", name, rule, "Leave out what is not part of the strategy.")
    if offset + size + _END.size != len(data):
        return _invalid(name, "there is something before, behind or inside of its directory that is no part of it")
    return None


def _member_count(data: bytes) -> int:
    """How many members the archive says it has."""
    count: int = _END.unpack(data[-_END.size :])[4]
    return count


def _member_problems(members: list[zipfile.ZipInfo], name: str) -> Iterator[Problem]:
    """What the directory says that no bundle's would."""
    seen: dict[str, str] = {}
    total = 0
    for member in members:
        reason = _member_reason(member)
        if reason is not None:
            yield _refused(member.orig_filename, reason)
            continue
        wrong = name_problem(member.filename)
        if wrong is not None:
            yield wrong
            continue
        key = member.filename.casefold()
        if key in seen:
            yield _refused(member.filename, f"its name is, but for upper and lower case, that of {seen[key]} too")
        seen[key] = member.filename
        total += member.file_size
    if total > MAX_BUNDLE_BYTES:
        rule = f"expected at most {MAX_BUNDLE_BYTES:,} bytes in all, found {total:,}"
        yield file_problem("FILE_TOO_LARGE", name, rule, "Make the bundle smaller.")


def _member_reason(member: zipfile.ZipInfo) -> str | None:
    """Why a member of the archive can't be a file of a bundle, going by the directory alone."""
    kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == _UNIX else 0
    if member.filename != member.orig_filename or len(member.orig_filename) > MAX_NAME_LENGTH:
        return "its name is longer than a name may be, or is not the same to everybody who reads it"
    if member.is_dir() or kind not in (0, stat.S_IFREG):
        return "it is a folder, a link or a device, and only plain files are taken"
    if member.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in another way than deflate"
    if member.file_size > MAX_FILE_BYTES:
        return f"it holds more than {MAX_FILE_BYTES:,} bytes"
    return None


def _content(data: bytes, member: zipfile.ZipInfo) -> bytes | str:
    """A member's content, of exactly the size and checksum that the directory states, or why there is none."""
    head = data[member.header_offset : member.header_offset + _LOCAL.size]
    if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
        return "it does not begin where the directory says"
    _, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack(head)
    start = member.header_offset + _LOCAL.size + name_length + extra_length
    local_name = data[member.header_offset + _LOCAL.size :][:name_length]
    if local_name != member.filename.encode() or method != member.compress_type or flags & _ENCRYPTED:
        return "it says something else of itself than the directory says of it"
    packed = memoryview(data)[start : start + member.compress_size]
    content = bytes(packed) if method == zipfile.ZIP_STORED else _inflated(packed, member.file_size)
    if content is None or len(content) != member.file_size or len(packed) != member.compress_size:
        return "it does not hold as many bytes as the directory says"
    if zlib.crc32(content) != member.CRC:
        return "it is damaged: its checksum is wrong"
    return content


def _inflated(packed: memoryview, size: int) -> bytes | None:
    """Exactly `size` bytes out of a deflated stream; None where it has more, fewer, or is none."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(packed, size + 1)
    except zlib.error:
        return None
    return content if stream.eof and not stream.unused_data else None


def _invalid(name: str, what: str) -> Problem:
    return file_problem("ARCHIVE_INVALID", name, f"expected a ZIP archive of a bundle: {what}", _MADE_BY)


def _refused(member: str, why: str) -> Problem:
    rule = f"expected the plain files of one bundle: {why}"
    return file_problem("ARCHIVE_MEMBER", printable(member), rule, _MADE_BY)
