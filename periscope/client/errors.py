"""How a call fails: one error, with the server's code or one of ours."""

from dataclasses import dataclass

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One of several things that are wrong: a stable code, the place, a sentence, and what to do."""

    code: str
    where: str
    message: str
    hint: str = ""


@dataclass(eq=False)
class ApiError(Exception):
    """A call was refused, failed, or never got there.

    `code` is stable: the server's (docs/rest.md), or one of `CLIENT_CODES`. `status` is the HTTP status, None where
    there was no answer; `problems` is everything that the server found wrong, `warnings` what it would have warned of.
    """

    code: str
    detail: str
    hint: str = ""
    status: int | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.detail} [{self.code}]"]
        lines += [f"{each.where + ': ' if each.where else ''}{each.message} [{each.code}]" for each in self.problems]
        return "\n  - ".join(lines) + (f"\n{self.hint}" if self.hint else "")


CLIENT_CODES = {
    "SERVER_URL": "the address of the server is none",
    "SERVER_UNREACHABLE": "no connection to the server could be made",
    "SERVER_UNTRUSTED": "the server's certificate is of another name, or of nobody who is trusted",
    "SERVER_TIMEOUT": "the server did not answer in time",
    "SERVER_GONE": "the connection ended before the answer did",
    "SERVER_REDIRECTS": "the server sends the caller elsewhere, where the token must not follow",
    "SERVER_UNKNOWN": "the answer is none that a Periscope server gives",
    "ANSWER_TOO_LARGE": "the answer is larger than any such answer should be",
    "TOKEN_UNUSABLE": "the token can't be read, or holds what no token holds",
    "TOKEN_EXPOSED": "the token would travel unencrypted to another machine",
    "STREAM_LOST": "a stream of events broke off again and again",
    "FILE_EXISTS": "the file to be written is there already",
}
"""What the client itself says, with its meaning."""
