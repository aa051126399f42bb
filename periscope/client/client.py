"""The client: one server, all that it can be asked."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from periscope.client.address import SERVER_VARIABLE, token_of_environment
from periscope.client.answers import MOST_BYTES
from periscope.client.data import DataCalls, InstrumentCalls, SessionCalls
from periscope.client.errors import ApiError
from periscope.client.group import at
from periscope.client.runs import RunCalls
from periscope.client.strategies import DraftCalls, StrategyCalls
from periscope.client.tokens import TokenCalls
from periscope.client.transport import Body, Transport
from periscope.client.types import CodeExplained, Document, Health

_MOST_METRICS = 16 << 20


class Client:
    """A Periscope server. Every call raises `ApiError` where it is refused, fails, or gets no answer.

    `url` is like http://127.0.0.1:8750; `token` goes with each call, is never shown, and is refused to plain http
    beyond this machine unless `allow_plain_http`. `timeout_seconds` bounds each call but streams and downloads.
    `ca_file` names certificates to trust in place of the system's. Each POST carries an idempotency key, so that what
    is lost on the way is sent again, and done once. Safe to use from several threads.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout_seconds: float = 60.0,
        ca_file: Path | str | None = None,
        allow_plain_http: bool = False,
    ) -> None:
        self._transport = Transport(
            url,
            token,
            timeout_seconds=timeout_seconds,
            ca_file=None if ca_file is None else Path(ca_file),
            allow_plain_http=allow_plain_http,
        )
        self.strategies = StrategyCalls(self._transport)
        self.drafts = DraftCalls(self._transport)
        self.runs = RunCalls(self._transport)
        self.data = DataCalls(self._transport)
        self.instruments = InstrumentCalls(self._transport)
        self.sessions = SessionCalls(self._transport)
        self.tokens = TokenCalls(self._transport)

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """The server of PERISCOPE_SERVER, with the token of PERISCOPE_TOKEN or of the file PERISCOPE_TOKEN_FILE."""
        url = os.environ.get(SERVER_VARIABLE)
        if not url:
            raise ApiError("SERVER_URL", f"{SERVER_VARIABLE} names no server", f"set it, or use {cls.__name__}(url)")
        return cls(url, token_of_environment(), **options)

    def health(self) -> Health:
        """That the server answers, and its release. Needs no token."""
        return self._transport.ask(Health, "GET", "healthz")

    def description(self) -> Document:
        """The OpenAPI description of the server."""
        return self._transport.ask(dict[str, Any], "GET", "openapi.json")

    def metrics(self) -> str:
        """Requests by route and status, runs by status, as Prometheus reads them."""
        return self._transport.fetch("metrics", ("text/plain",), most=_MOST_METRICS)[0].decode(errors="replace")

    def explain_code(self, code: str) -> CodeExplained:
        """What a code of an error means."""
        return self._transport.ask(CodeExplained, "GET", at("problems", code))

    def call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        json: Any = None,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Any:
        """Any call below /api/v1, with the JSON document that answers it, None where there is none."""
        return self._transport.ask(
            object, method, path, parameters=parameters, json=json, body=body, headers=headers, key=key
        )

    def fetch(self, path: str, kind: str) -> bytes:
        """The bytes of any answer below /api/v1 that is no JSON, of that media type."""
        return self._transport.fetch(path, (kind,), most=MOST_BYTES)[0]

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self._transport.address}>"
