"""Writing programs for the kernel's classic packet filter, as seccomp uses it.

A program looks at `struct seccomp_data`: a call's number, the architecture, an address, six arguments of 64 bits. It
loads 32 bits at a time into its one register, and ends with a verdict. Jumps go forward only.
"""

import struct

NUMBER, ARCHITECTURE = 0, 4
MOST_INSTRUCTIONS = 4096
FARTHEST_JUMP = 255

_LOAD, _AND, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06


def low_half(argument: int) -> int:
    """Where the lower 32 bits of an argument are; both machines are little-endian."""
    return 16 + 8 * argument


def high_half(argument: int) -> int:
    """Where the upper 32 bits of an argument are."""
    return low_half(argument) + 4


class Program:
    """Instructions in the making. Jumps name labels, which are placed further down; None is the next instruction."""

    def __init__(self) -> None:
        self._instructions: list[tuple[int, str | None, str | None, int]] = []
        self._places: dict[str, int] = {}

    def load(self, offset: int) -> None:
        """Take 32 bits of the call's data into the register."""
        self._instructions.append((_LOAD, None, None, offset))

    def keep(self, mask: int) -> None:
        """Clear the bits of the register that are not in `mask`."""
        self._instructions.append((_AND, None, None, mask))

    def if_equal(self, value: int, then: str | None, otherwise: str | None = None) -> None:
        """Jump by whether the register is `value`."""
        self._instructions.append((_IF_EQUAL, then, otherwise, value))

    def if_at_least(self, value: int, then: str | None, otherwise: str | None = None) -> None:
        """Jump by whether the register, taken without sign, is `value` or more."""
        self._instructions.append((_IF_AT_LEAST, then, otherwise, value))

    def give(self, verdict: int) -> None:
        """End with a verdict."""
        self._instructions.append((_RETURN, None, None, verdict))

    def place(self, label: str) -> None:
        """Let a label stand for the next instruction. Raises ValueError if it stands somewhere already."""
        if label in self._places:
            raise ValueError(f"label {label!r} is placed twice")
        self._places[label] = len(self._instructions)

    def assemble(self) -> bytes:
        """The program as an array of `struct sock_filter`. Raises ValueError if it, or a jump, is too long."""
        if len(self._instructions) > MOST_INSTRUCTIONS:
            raise ValueError(f"{len(self._instructions)} instructions, a filter may have {MOST_INSTRUCTIONS}")
        return b"".join(
            struct.pack("<HBBI", code, self._distance(at, then), self._distance(at, otherwise), value)
            for at, (code, then, otherwise, value) in enumerate(self._instructions)
        )

    def _distance(self, at: int, label: str | None) -> int:
        if label is None:
            return 0
        distance = self._places[label] - at - 1
        if not 0 <= distance <= FARTHEST_JUMP:
            raise ValueError(f"instruction {at} jumps {distance} far to {label!r}, {FARTHEST_JUMP} is the farthest")
        return distance
