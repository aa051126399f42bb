"""The ids of a run's orders."""

from hashlib import sha1
from uuid import UUID

from periscope.engine.settings import Settings

_ORDER_IDS = UUID("5f0c7a0e-1d6b-5c1e-9a55-7e1f0f9d3c21")
"""Namespace of the order ids."""
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The first digit of a UUID's fourth group says that it is laid out by RFC 9562."""


class OrderIds:
    """UUIDv5 of version, config, seed and an order's sequence."""

    def __init__(self, settings: Settings) -> None:
        self._begun = sha1(_ORDER_IDS.bytes, usedforsecurity=False)
        self._begun.update(f"{settings.version}/{settings.config_hash}/{settings.seed}/".encode())

    def of(self, sequence: int) -> str:
        """The id of order number `sequence`."""
        digest = self._begun.copy()
        digest.update(b"%d" % sequence)
        text = digest.hexdigest()
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
