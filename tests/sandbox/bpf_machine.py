"""The kernel's classic packet filter machine, as far as seccomp lets a program use it, in plain Python.

Instructions and their meaning are those of linux/bpf_common.h; `struct seccomp_data` is that of linux/seccomp.h.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

LOAD_WORD, AND, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
DATA_BYTES = 64


class Instruction(NamedTuple):
    """One `struct sock_filter`."""

    code: int
    if_true: int
    if_false: int
    value: int


class Outcome(NamedTuple):
    """What a program decided, and the offsets of the data that it looked at on its way."""

    verdict: int
    loaded: list[int]


def decoded(program: bytes) -> list[Instruction]:
    """The instructions of a program."""
    return [Instruction(*fields) for fields in struct.iter_unpack("<HBBI", program)]


def faults(instructions: Sequence[Instruction]) -> list[str]:
    """Why the kernel, or a reader, would not accept the program: unknown codes, ways that leave it, loads outside."""
    found = []
    for at, (code, if_true, if_false, value) in enumerate(instructions):
        if code not in {LOAD_WORD, AND, JUMP_EQUAL, JUMP_AT_LEAST, RETURN}:
            found.append(f"{at}: unknown code {code:#x}")
        if code == LOAD_WORD and (value % 4 or value >= DATA_BYTES):
            found.append(f"{at}: loads from {value}")
        if code in {JUMP_EQUAL, JUMP_AT_LEAST}:
            following = [at + 1 + if_true, at + 1 + if_false]
        else:
            following = [] if code == RETURN else [at + 1]
        found += [f"{at}: goes on at {target}, outside" for target in following if target >= len(instructions)]
    return found


def data(number: int, architecture: int, arguments: Sequence[int]) -> bytes:
    """A `struct seccomp_data`; missing arguments are zero."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    return struct.pack("<iIQ6Q", number - (number >> 31 << 32), architecture, 0x7F00_1234_5678, *words)


def run(instructions: Sequence[Instruction], looked_at: bytes) -> Outcome:
    """Let the program decide."""
    register, at = 0, 0
    loaded: list[int] = []
    while True:
        code, if_true, if_false, value = instructions[at]
        at += 1
        match code:
            case 0x20:
                (register,) = struct.unpack_from("<I", looked_at, value)
                loaded.append(value)
            case 0x54:
                register &= value
            case 0x15:
                at += if_true if register == value else if_false
            case 0x35:
                at += if_true if register >= value else if_false
            case 0x06:
                return Outcome(value, loaded)
            case _:
                raise ValueError(f"unknown code {code:#x}")
