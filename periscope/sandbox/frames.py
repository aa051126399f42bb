"""Messages cut out of the bytes that a strategy's process sends, and the faults that end a conversation with it."""

from periscope.sandbox.inside import wire


class SandboxFaultError(Exception):
    """The conversation is over: an issue code, a sentence, and where the counts stood."""

    def __init__(self, code: str, message: str, place: wire.Place | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place


class ProtocolViolationError(SandboxFaultError):
    """The process said something that it may not say."""

    def __init__(self, message: str) -> None:
        super().__init__("PROTOCOL_VIOLATION", f"the strategy's process broke the protocol: {message}")


class Frames:
    """The bytes received and not yet used. There is never more than one message in them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def add(self, data: bytes) -> None:
        """Take bytes as they came."""
        self._buffer += data

    @property
    def empty(self) -> bool:
        """Whether nothing is there, not even the beginning of a message."""
        return not self._buffer

    @property
    def kind(self) -> int | None:
        """Kind of the message that is there as a whole, None while it is not."""
        return None if self._size() is None else self._buffer[wire.HEADER.size - 1]

    def cut(self) -> tuple[int, bytes] | None:
        """The kind and the body of the message, None while it is not there as a whole."""
        size = self._size()
        if size is None:
            return None
        kind = self._buffer[wire.HEADER.size - 1]
        body = bytes(self._buffer[wire.HEADER.size : size])
        del self._buffer[:size]
        if self._buffer:
            raise ProtocolViolationError("more than one message in answer to one")
        return kind, body

    def _size(self) -> int | None:
        if len(self._buffer) < wire.HEADER.size:
            return None
        size: int = wire.HEADER.unpack_from(self._buffer)[0]
        if size > wire.MOST_BYTES:
            raise ProtocolViolationError(f"a message of {size} bytes; {wire.MOST_BYTES} are allowed")
        whole = size + wire.HEADER.size
        return whole if len(self._buffer) >= whole else None
