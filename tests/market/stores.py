"""Object stores for tests: an S3 server on a socket of this machine, and fsspec's store in memory."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import fsspec
import pytest
import s3fs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from periscope.market.catalog import Catalog
from periscope.market.file_cache import CACHE_VARIABLE
from periscope.market.object_files import ObjectFiles

BUCKET = "market-data"
CHANGES = ("pipe_file", "cp_file", "rm_file")


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """A server that speaks S3 over a socket; gives its URL.

    One request at a time: S3 checks a condition and replaces the object in one step, moto in two that another thread
    can get between.
    """
    application, alone = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with alone:
            return list(application(environ, start_response))

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The URL of an S3 server that lives as long as the tests."""
    s3fs.S3FileSystem.clear_instance_cache()
    with s3_server() as url:
        yield url


@pytest.fixture
def unreachable_s3(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address in a store that nobody answers for."""
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    yield s3
    s3fs.S3FileSystem.clear_instance_cache()  # other tests keep the one that knows their server


@pytest.fixture
def s3(s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An address in that server, found as anybody finds his: by the environment."""
    variables = {
        "AWS_ENDPOINT_URL": s3_url,
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        CACHE_VARIABLE: str(tmp_path_factory.mktemp("cache")),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    store = fsspec.filesystem("s3", use_listings_cache=False)
    if not store.exists(BUCKET):
        store.mkdir(BUCKET)
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.fixture(params=["s3", "memory"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty prefix in each of the stores."""
    there: str = request.getfixturevalue("s3")
    if request.param == "s3":
        yield there
        return
    where = f"memory://{uuid4().hex}"
    yield where
    store, root = fsspec.core.url_to_fs(where)
    if store.exists(root):
        store.rm(root, recursive=True)


def files_of(catalog: Catalog) -> ObjectFiles:
    """The files of a catalog that is in a store."""
    assert isinstance(catalog.files, ObjectFiles)
    return catalog.files


class Troubled:
    """A store that does something else at the n-th call of some of its methods."""

    def __init__(self, store: Any, methods: tuple[str, ...], trouble: Callable[[int, Callable[[], Any]], Any]) -> None:
        self._store = store
        self._methods = methods
        self._trouble = trouble
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in self._methods:
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            return self._trouble(self.calls, lambda: method(*arguments, **options))

        return call


def trouble(catalog: Catalog, methods: tuple[str, ...], act: Callable[[int, Callable[[], Any]], Any]) -> Troubled:
    """Let `act(number, call)` do the calls of those methods of a catalog's store."""
    files = files_of(catalog)
    troubled = Troubled(files._store, methods, act)
    files._store = troubled
    return troubled
