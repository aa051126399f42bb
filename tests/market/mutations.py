"""Ways to spoil a file, drawn from a seeded generator: what disks, editors, spreadsheets and transfers do to data."""

import random
from collections.abc import Callable

type Mutation = Callable[[bytes, random.Random], bytes]

_PIECES = (
    b",",
    b";",
    b'"',
    b"\n",
    b"\r",
    b"\t",
    b"-",
    b"9",
    b"\xff",
    b"\x00",
    b"e",
    b".",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
)
_FIELDS = (
    b"",
    b"NaN",
    b"inf",
    b"-1",
    b"0",
    b"1e400",
    b"1e-40",
    b"1,5",
    b"x" * 70_000,
    b"9" * 400,
    b"1_0",
    b"\x00",
    b"=A1",
)


def cut(data: bytes, chance: random.Random) -> bytes:
    """The file ends too early."""
    return data[: chance.randrange(len(data))]


def flip(data: bytes, chance: random.Random) -> bytes:
    """Some bits turn over."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def overwrite(data: bytes, chance: random.Random) -> bytes:
    """A stretch is replaced by chance bytes, or by zeros."""
    first = chance.randrange(len(data))
    length = min(chance.randint(1, 64), len(data) - first)
    return (
        data[:first] + (bytes(length) if chance.random() < 0.3 else chance.randbytes(length)) + data[first + length :]
    )


def insert(data: bytes, chance: random.Random) -> bytes:
    """Characters with a meaning appear somewhere."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) + 1)
        data = data[:place] + chance.choice(_PIECES) + data[place:]
    return data


def delete(data: bytes, chance: random.Random) -> bytes:
    """A stretch is lost."""
    first = chance.randrange(len(data))
    return data[:first] + data[first + chance.randint(1, 200) :]


def repeat(data: bytes, chance: random.Random) -> bytes:
    """A stretch comes twice."""
    first = chance.randrange(len(data))
    until = first + chance.randint(1, 2000)
    return data[:until] + data[first:until] + data[until:]


def recode(data: bytes, chance: random.Random) -> bytes:
    """The text in another encoding, sometimes read as yet another."""
    text = data.decode("utf-8", errors="replace").replace("o", chance.choice("oöо"))
    return text.encode(
        chance.choice(["utf-16", "utf-16-be", "utf-32", "cp1252", "utf-8-sig", "cp037"]), errors="replace"
    )


def swap_fields(data: bytes, chance: random.Random) -> bytes:
    """Two columns change places, in all lines or in some."""
    lines = data.split(b"\n")
    one, other = chance.randrange(6), chance.randrange(6)
    share = chance.choice([1.0, 0.2])
    spoiled = []
    for line in lines:
        fields = line.split(b",")
        if len(fields) == 6 and chance.random() < share:
            fields[one], fields[other] = fields[other], fields[one]
        spoiled.append(b",".join(fields))
    return b"\n".join(spoiled)


def spoil_fields(data: bytes, chance: random.Random) -> bytes:
    """Some fields hold what is no number, or far too much."""
    lines = data.split(b"\n")
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(lines))
        fields = lines[place].split(b",")
        fields[chance.randrange(len(fields))] = chance.choice(_FIELDS)
        lines[place] = b",".join(fields)
    return b"\n".join(lines)


def shuffle_lines(data: bytes, chance: random.Random) -> bytes:
    """Lines out of order, doubled, or from elsewhere."""
    lines = data.split(b"\n")
    for _ in range(chance.randint(1, 6)):
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(3):
            case 0:
                lines[one], lines[other] = lines[other], lines[one]
            case 1:
                lines.insert(one, lines[other])
            case _:
                lines.insert(one, chance.randbytes(chance.randint(0, 80)).replace(b"\n", b" "))
    return b"\n".join(lines)


ANY: tuple[Mutation, ...] = (cut, flip, overwrite, insert, delete, repeat)
"""What can happen to any file."""

TEXT: tuple[Mutation, ...] = (*ANY, recode, swap_fields, spoil_fields, shuffle_lines)
"""What can happen to text as well."""


def spoiled(data: bytes, mutations: tuple[Mutation, ...], chance: random.Random) -> bytes:
    """The file after one to three mutations; never empty before the last of them."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        data = chance.choice(mutations)(data, chance) or b"\n"
    return data
