"""What the engine's process asks of a new process before it sends a strategy, and what it hears back."""

import msgspec

SEALED, UNCONFINED = "sealed", "unconfined"
"""The tiers that take other steps than the rest."""

CONFINE, GO_ON = b"CO"
"""To the new process: the plan; the answer to what it has said."""
MAP_USERS, FORKED, CONFINED, REFUSED = b"mkcx"
"""From it: map the users of its new namespace; the strategy's process has this number; done; a step failed."""


class Plan(msgspec.Struct, array_like=True, frozen=True):
    """How to be confined.

    `shown` are the sources that may be read, each with the path at which it is read and whether it may also be listed;
    `hidden` are the folders in them that may not; `writable` may be written. `user` is the user to become, None to stay
    the same one. `folder` is where the bundle's files are, if not where the bundle says. `canary` is a folder, and the
    name of an abstract socket, that must be out of reach in the end. `filter` decides about system calls.
    `descriptors` stay open: the channel, the counter, the pipe for stacks.
    """

    tier: str
    host: int
    user: int | None
    descriptors: list[int]
    shown: list[tuple[str, str, bool]]
    hidden: list[str]
    writable: list[str]
    memory_bytes: int
    cpu_seconds: int | None
    modules: dict[str, str]
    folder: str | None
    canary: str
    filter: bytes


class Forked(msgspec.Struct, array_like=True, frozen=True):
    """The number of the strategy's process, as the engine's process knows it."""

    number: int


class Confined(msgspec.Struct, array_like=True, frozen=True):
    """All steps are taken: the version of Landlock, and what two attempts that had to fail ended in."""

    landlock: int
    making_a_file: str
    opening_a_socket: str


class Refused(msgspec.Struct, array_like=True, frozen=True):
    """A step failed: its name, and what the kernel said."""

    step: str
    reason: str


encode = msgspec.msgpack.Encoder().encode
decode_plan = msgspec.msgpack.Decoder(Plan).decode
