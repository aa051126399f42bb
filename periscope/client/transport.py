"""Requests over HTTP: bounded in time and size, sent again only where that can do no harm."""

import errno
import os
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from periscope.client.address import Token, guard_token, read_address
from periscope.client.answers import bounded, decoded, nothing, raise_for, read_body, require_type
from periscope.client.errors import ApiError

type Parameters = Mapping[str, str | int | bool | None]
type Sent = Callable[[int, int], None]
"""Is told how many bytes were sent, of how many."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What takes long: who is told how much of it has gone, and how long the answer may take afterwards."""

    content: bytes | Path
    sent: Sent | None
    seconds: float


type Body = bytes | Path | Upload | None
"""What is sent: bytes, or a file that is read while it is sent. OSError where that can't be read, or changes."""

_TRIES = 4
_FIRST_WAIT_SECONDS = 0.25
_MOST_WAIT_SECONDS = 10.0
_IN_FLIGHT_WAIT_SECONDS = 0.5
_CHUNK = 1 << 18
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, once or several times."""

    method: str
    path: str
    headers: Mapping[str, str]
    parameters: Parameters | None = None
    body: Body = None


class Transport:
    """One server, over as few connections as it takes. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        timeout_seconds: float,
        ca_file: Path | None = None,
        allow_plain_http: bool = False,
    ) -> None:
        self.address = read_address(url)
        auth = None if token is None else Token(token)
        if auth is not None:
            guard_token(self.address, allow_plain_http=allow_plain_http)
        self.timeout_seconds = timeout_seconds
        is_encrypted = self.address.scheme == "https"
        self._http = httpx.Client(
            base_url=self.address,
            auth=auth,
            verify=_trust(ca_file) if is_encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=is_encrypted,  # else a proxy from the environment would read the token
            follow_redirects=False,
            headers={"accept": "application/json, application/problem+json", "user-agent": "periscope"},
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __repr__(self) -> str:
        return f"<Transport {self.address}>"

    def ask[T](
        self,
        kind: type[T],
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        json: Any = None,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> T:
        """Make a call and read its JSON answer as that type; `NoneType` for calls without an answer."""
        sent = dict(headers or {})
        if json is not None:
            body, sent["content-type"] = _ENCODER.encode(json), "application/json"
        if method == "POST":
            sent["idempotency-key"] = key or uuid.uuid4().hex

        def read(response: httpx.Response) -> T:
            content = read_body(response, seconds=self._patience(body))
            return nothing(response, kind) if response.status_code == 204 else decoded(response, content, kind)

        return self._again(read, _Request(method, path, sent, parameters, body))

    def fetch(
        self, path: str, kinds: tuple[str, ...], *, parameters: Parameters | None = None, most: int | None = None
    ) -> tuple[bytes, httpx.Headers]:
        """The bytes of an answer that is no JSON, with its headers."""

        def read(response: httpx.Response) -> tuple[bytes, httpx.Headers]:
            require_type(response, *kinds)
            return read_body(response, most=most, seconds=self.timeout_seconds), response.headers

        return self._again(read, _Request("GET", path, {"accept": ", ".join(kinds)}, parameters))

    def download(self, path: str, kinds: tuple[str, ...], target: Path, *, overwrite: bool) -> int:
        """Write an answer to a file, which is there whole or not at all; returns its size. OSError of the disk."""
        if not overwrite and target.exists():
            raise FileExistsError(17, "the file is there already", str(target))
        staging = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")

        def read(response: httpx.Response) -> int:
            require_type(response, *kinds)
            with staging.open("wb") as file:
                for part in bounded(response, most=None, seconds=None):
                    file.write(part)
                return file.tell()

        try:
            size = self._again(read, _Request("GET", path, {"accept": ", ".join(kinds)}))
            if overwrite:
                staging.replace(target)
            else:
                os.link(staging, target)
            return size
        finally:
            staging.unlink(missing_ok=True)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str], *, silence_seconds: float) -> Iterator[httpx.Response]:
        """An answer that goes on and on, given up after so long without a byte. Raises ApiError."""
        timeout = httpx.Timeout(silence_seconds, connect=min(10.0, self.timeout_seconds))
        with _failures(may_have_acted=False):
            request = self._http.build_request("GET", path.lstrip("/"), headers=dict(headers), timeout=timeout)
            response = self._http.send(request, stream=True)
            try:
                raise_for(response, seconds=self.timeout_seconds)
                yield response
            finally:
                response.close()

    def _again[T](self, read: Callable[[httpx.Response], T], request: _Request) -> T:
        """Send, and send again what is lost, as long as that can do no harm: only GET, and POST by its key."""
        is_safe = request.method in ("GET", "HEAD") or "idempotency-key" in request.headers
        deadline = time.monotonic() + self.timeout_seconds
        tried = 0
        while True:
            tried += 1
            try:
                return self._once(read, request)
            except ApiError as error:
                wait = _wait(error, tried, is_safe=is_safe)
                if wait is None or time.monotonic() + wait > deadline:
                    raise
            time.sleep(wait)

    def _once[T](self, read: Callable[[httpx.Response], T], request: _Request) -> T:
        wanted = {name: _text(value) for name, value in (request.parameters or {}).items() if value is not None}
        with _failures(may_have_acted=request.method != "GET"):
            built = self._http.build_request(
                request.method,
                request.path.lstrip("/"),
                params=wanted or None,
                content=_content(request.body),
                headers=_with_length(request.headers, request.body),
                timeout=self._timeout(request.body),
            )
            response = self._http.send(built, stream=True)
            try:
                raise_for(response, seconds=self.timeout_seconds)
                return read(response)
            finally:
                response.close()

    def _patience(self, body: Body) -> float:
        """How long an answer may take."""
        return body.seconds if isinstance(body, Upload) else self.timeout_seconds

    def _timeout(self, body: Body) -> httpx.Timeout:
        usual = self.timeout_seconds
        return httpx.Timeout(usual, connect=min(10.0, usual), read=self._patience(body))


def _trust(ca_file: Path | None) -> ssl.SSLContext | bool:
    named = os.environ.get("SSL_CERT_FILE") if ca_file is None else str(ca_file)
    if not named:
        return True
    try:
        return ssl.create_default_context(cafile=named)
    except OSError as error:
        what = f"the certificates in {named} can't be read: {error.strerror or error}"
        raise ApiError("SERVER_URL", what, "name a file of PEM certificates") from None


def _wait(error: ApiError, tried: int, *, is_safe: bool) -> float | None:
    """How long to wait before the same request is sent again; None where it must not be."""
    if error.code == "IDEMPOTENCY_IN_FLIGHT" and tried > 1:
        return _IN_FLIGHT_WAIT_SECONDS  # what was sent first is still being worked on; the deadline bounds it
    if tried >= _TRIES:
        return None
    lost = error.status in _AGAIN or (error.status is None and error.code in ("SERVER_GONE", "SERVER_TIMEOUT"))
    if error.code == "SERVER_UNREACHABLE" or (is_safe and lost):
        return min(_FIRST_WAIT_SECONDS * 3.0 ** (tried - 1), _MOST_WAIT_SECONDS)
    return None


@contextmanager
def _failures(*, may_have_acted: bool) -> Iterator[None]:
    """What goes wrong on the way, in our words. The cause is left out: it holds the request with its headers."""
    maybe = "; what was asked may have been done" if may_have_acted else ""
    try:
        yield
    except _NEVER_SENT as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            what = f"the server's certificate is not trusted: {str(error).partition('failed: ')[2] or error}"
            hint = "name the file of who signed it in the variable SSL_CERT_FILE (in Python ca_file), and its own name"
            raise ApiError("SERVER_UNTRUSTED", what, hint) from None
        hint = "is it running, and is this its address? `periscope serve` starts one"
        raise ApiError("SERVER_UNREACHABLE", f"can't reach the server: {error or type(error).__name__}", hint) from None
    except httpx.TimeoutException:
        raise ApiError("SERVER_TIMEOUT", f"the server did not answer in time{maybe}", "try again") from None
    except httpx.DecodingError:
        raise ApiError("SERVER_UNKNOWN", "the answer is packed in a way that can't be read") from None
    except httpx.HTTPError:
        raise ApiError("SERVER_GONE", f"the connection ended before the answer did{maybe}", "try again") from None
    except httpx.InvalidURL:
        raise ApiError("SERVER_URL", "what was asked for can't be a part of an address") from None


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _content(body: Body) -> bytes | Iterator[bytes] | None:
    content = body.content if isinstance(body, Upload) else body
    if not isinstance(content, Path):
        return content
    return _parts(content, content.stat().st_size, body.sent if isinstance(body, Upload) else None)


def _parts(path: Path, size: int, sent: Sent | None) -> Iterator[bytes]:
    done = 0
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            done += len(part)
            if done > size:
                break
            yield part
            if sent is not None:
                sent(done, size)
    if done != size:
        raise OSError(errno.EBUSY, "the file changed while it was sent", str(path))


def _with_length(headers: Mapping[str, str], body: Body) -> dict[str, str]:
    """A file's size is said beforehand, so that a server can refuse it before it is sent."""
    content = body.content if isinstance(body, Upload) else body
    sized = {"content-length": str(content.stat().st_size)} if isinstance(content, Path) else {}
    return {**headers, **sized}
