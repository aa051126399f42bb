"""Archives that a stranger might send: 60 made by hand, and any number made by damaging good ones."""

import io
import random
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from periscope.strategies.archive import write_archive

FILES = {"strategy.py": b"x = 1\n" * 20, "config_schema.json": b'{"type": "object"}', "helper.py": b"y = 2\n"}
GOOD = write_archive(FILES)


type Member = tuple[str, bytes] | tuple[str, bytes, dict[str, Any]]


def zipped(*members: Member, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """An archive of (name, content, attributes of ZipInfo)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        for name, content, *attributes in members:
            info = zipfile.ZipInfo("placeholder")
            info.filename = info.orig_filename = name
            info.compress_type = method
            for key, value in (attributes[0] if attributes else {}).items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return target.getvalue()


def with_base(*members: Member) -> bytes:
    """The same, beside the files of a good bundle."""
    with warnings.catch_warnings(action="ignore"):
        return zipped(*FILES.items(), *members)


def mode(kind: int) -> dict[str, int]:
    """Attributes of a member that says it is of this kind on Unix."""
    return {"external_attr": (kind | 0o777) << 16, "create_system": 3}


def patched(data: bytes, find: bytes, offset: int, value: bytes, *, last: bool = False) -> bytes:
    """`data` with bytes overwritten some way after a signature."""
    place = (data.rindex(find) if last else data.index(find)) + offset
    return data[:place] + value + data[place + len(value) :]


LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"

_NAMES = {
    "traversal": "../strategy.py",
    "traversal deep": "a/../../../../etc/cron.d/x.py",
    "traversal windows": "..\\..\\x.py",
    "absolute": "/etc/x.py",
    "absolute windows": "C:\\x.py",
    "drive": "C:x.py",
    "network share": "\\\\host\\share\\x.py",
    "dot": ".",
    "dots": "..",
    "current folder": "./x.py",
    "hidden": ".x.py",
    "subfolder": "pkg/x.py",
    "folder": "pkg/",
    "doubled slash": "pkg//x.py",
    "empty": "",
    "blank": " .py",
    "trailing blank": "x.py ",
    "trailing dot": "x.py.",
    "newline": "x\n.py",
    "escape sequence": "\x1b[2J.py",
    "right to left": "yp.\u202ex.py",
    "full width": "\uff58.py",
    "combining": "e\u0301.py",
    "composed": "\u00e9.py",
    "homoglyph": "strat\u0435gy.py",
    "kelvin": "\u212aey.py",
    "zero width": "x\u200b.py",
    "long": "x" * 5_000 + ".py",
    "a stream": "x.py:stream",
    "shell": "$(reboot).py",
    "another kind": "x.so",
    "compiled": "x.pyc",
    "a path file": "evil.pth",
    "the SDK": "libs.py",
    "the platform": "periscope.py",
    "case": "Strategy.py",
    "twice": "strategy.py",
    "twice the schema": "CONFIG_SCHEMA.JSON",
}


def crafted() -> Iterator[tuple[str, bytes]]:
    """What each is, and its bytes. All must be refused."""
    for what, name in _NAMES.items():
        yield f"name: {what}", with_base((name, b"z = 3\n"))
    for what, kind in (
        ("link", stat.S_IFLNK),
        ("device", stat.S_IFCHR),
        ("block device", stat.S_IFBLK),
        ("pipe", stat.S_IFIFO),
        ("socket", stat.S_IFSOCK),
        ("folder", stat.S_IFDIR),
    ):
        yield f"kind: {what}", with_base(("x.py", b"/etc/passwd", mode(kind)))
    yield "bomb in a member", with_base(("x.py", b"\0" * 50_000_000))
    yield "bomb in sum", zipped(*((f"x{n}.py", b"\0" * 9_900_000) for n in range(6)))
    yield "bomb that lies about its size", lying_bomb()
    yield "members without end", zipped(*((f"x{n}.py", b"") for n in range(20_000)))
    yield "more helpers than a bundle has", zipped(*((f"x{n}.py", b"x = 1") for n in range(51)))
    yield "not a zip", b"#!/bin/sh\nreboot\n"
    yield "nothing", b""
    yield "no members", zipped()
    yield "a program before it", b"MZ" + GOOD
    yield "something behind it", GOOD + b"\0"
    yield "a comment", zipped(*FILES.items(), comment=b"x" * 100)
    yield "encrypted", patched(patched(GOOD, CENTRAL, 8, b"\1\0"), LOCAL, 6, b"\1\0")
    yield "encrypted in its local header only", patched(GOOD, LOCAL, 6, b"\1\0")
    yield "wrong checksum", patched(patched(GOOD, CENTRAL, 16, b"\0\0\0\0"), LOCAL, 14, b"\0\0\0\0")
    yield "bzip2", zipped(*FILES.items(), method=zipfile.ZIP_BZIP2)
    yield "lzma", zipped(*FILES.items(), method=zipfile.ZIP_LZMA)
    yield "another name in the local header", patched(GOOD, LOCAL, 30, b"../../")
    yield "a name cut by a zero", patched(patched(GOOD, b"helper.py", 6, b"\0"), b"helper.py", 6, b"\0")
    yield "a second disk", patched(GOOD, END, 4, b"\1\0", last=True)
    yield "more members than there are", patched(GOOD, END, 8, struct.pack("<2H", 4, 4), last=True)
    yield "a directory of four gigabytes", patched(GOOD, END, 12, b"\xff\xff\xff\xff", last=True)
    yield "zip64", patched(GOOD, END, 16, b"\xff\xff\xff\xff", last=True)
    yield "cut in half", GOOD[: len(GOOD) // 2]
    yield "a name told two ways", with_base(("x.py", b"z = 3\n", {"extra": _unicode_path()}))


def lying_bomb() -> bytes:
    """A deflated member of 100 MB that says it holds ten bytes."""
    data = zipped(("x.py", b"\0" * 100_000_000))
    crc = struct.pack("<L", zlib.crc32(b"\0" * 10))
    for signature, size, checksum in ((CENTRAL, 24, 16), (LOCAL, 22, 14)):
        data = patched(patched(data, signature, size, struct.pack("<L", 10)), signature, checksum, crc)
    return data


def _unicode_path() -> bytes:
    """Info-ZIP's field for a name in UTF-8, which some tools believe and others don't."""
    name = b"../evil.py"
    return struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(b"x.py")) + name


def mutated(seed: int) -> bytes:
    """A good archive with some damage: bytes changed, cut, doubled, moved, fields set to the edges of their range."""
    chance = random.Random(seed)
    data = bytearray(zipped(*FILES.items(), method=chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.randrange(1, 40)]
            case 2:
                data[place:place] = data[place : place + chance.randrange(1, 80)]
            case 3:
                data[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\1\0\0\0", b"PK\1\2"))
            case 4:
                data[place:] = b""
            case _:
                data[place] ^= 1 << chance.randrange(8)
        if not data:
            break
    return bytes(data)
