"""The client and a server behind TLS, with a certificate that nobody signed."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from periscope.client import ApiError, Client


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Say what a server says of its health."""
        body = b'{"status": "ok", "version": "1"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def behind_tls(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of an HTTPS server, and its certificate, which is for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here to make a certificate")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([openssl, *words, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, certificate
        server.shutdown()
        thread.join()


def test_a_certificate_counts_where_its_file_is_named(
    behind_tls: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate = behind_tls
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    url = f"https://localhost:{port}"
    with Client(url, timeout_seconds=5) as client, pytest.raises(ApiError, match="self-signed") as refused:
        client.health()
    assert refused.value.code == "SERVER_UNTRUSTED"
    assert "SSL_CERT_FILE" in refused.value.hint
    with Client(url, ca_file=certificate, timeout_seconds=5) as client:
        assert client.health().status == "ok"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(url, timeout_seconds=5) as client:
        assert client.health().status == "ok"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("none.pem")))
    with pytest.raises(ApiError, match=r"none\.pem can't be read"):
        Client(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(f"https://127.0.0.1:{port}", timeout_seconds=5) as client, pytest.raises(ApiError) as other:
        client.health()
    assert other.value.code == "SERVER_UNTRUSTED", "the certificate is for another name"
