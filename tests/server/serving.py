"""A real server on a port of its own, over a workspace with a published strategy and a little data."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from periscope.runs import managing
from periscope.runs.publishing import publish
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from periscope.runs.store.version_rows import Version
from periscope.runs.surroundings import Surroundings
from periscope.server.context import Context, Doors
from periscope.server.serving import web_server
from tests.databases import store_place
from tests.runs.desk import WORKER
from tests.runs.lab import AAA, Lab, walk

WINDOW = {"start": "2024-01-22T09:30:00-05:00", "end": "2024-01-22T16:00:00-05:00"}
CONFIG: dict[str, Any] = {"environment": WINDOW, "strategy": {}}
_STARTING_SECONDS = 20
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""A client that loads no certificates: nothing here is encrypted."""


class Served:
    """A server that listens, and what it serves. The strategy `worker` has a version; there are no runs."""

    def __init__(self, url: str, store: Store, lab: Lab, version: Version, context: Context) -> None:
        self.url = url
        self.store = store
        self.lab = lab
        self.version = version
        self.context = context
        self.client = self.open_client()

    def open_client(self, token: str | None = None) -> httpx.Client:
        """A client whose addresses are relative to the API."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"{self.url}/api/v1/", headers=headers, timeout=30, trust_env=False, verify=PLAIN)

    def new_run(self) -> Run:
        """A new run of the strategy."""
        run = managing.create(self.store, self.version, CONFIG, self.lab.catalog)
        assert isinstance(run, Run), run
        return run


@contextmanager
def serving(folder: Path, kind: str = "sqlite", doors: Doors | None = None) -> Iterator[Served]:
    """Serve a new workspace while this lasts. `kind` is the database; skips the test where it is not there."""
    lab = Lab(folder).add(AAA, minute=walk("09:30", 390))
    with store_place(kind, folder / "store") as place, Store(place) as store:
        published = publish(store, "worker", lab.bundle(WORKER))
        assert published.version is not None, published.problems
        around = Surroundings(folder=str(place.folder), catalog=str(lab.folder / "catalog"), url=place.url)
        context = Context(store, around, doors or Doors())
        with listening(context) as url:
            served = Served(url, store, lab, published.version, context)
            with served.client:
                yield served


@contextmanager
def listening(context: Context) -> Iterator[str]:
    """The app behind uvicorn in a thread, on a port that is free; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = web_server(context, "0.0.0")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            _await_start(server, thread)
            yield url
        finally:
            context.over.set()
            server.should_exit = True
            thread.join()


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    for _ in range(_STARTING_SECONDS * 100):
        if server.started:
            return
        thread.join(0.01)
        assert thread.is_alive(), "the server has ended"
    raise AssertionError("the server has not started")
