"""What every handler works with: the workspace's store and data."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from periscope.market.catalog import Catalog
from periscope.runs.store.store import Store
from periscope.runs.surroundings import Surroundings
from periscope.server.problems import ProblemError


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may come in: whether only this machine can, and the further hosts and origins that are allowed."""

    loopback_only: bool = True
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """A workspace as the API sees it. `surroundings` is what processes are told that run runs.

    `over` is set when the server is to end: whatever waits looks at it.
    """

    store: Store
    surroundings: Surroundings
    doors: Doors = field(default_factory=Doors)
    over: threading.Event = field(default_factory=threading.Event)

    def catalog(self) -> Catalog:
        """The catalog as it is now. Raises ProblemError where there is none, CatalogError where it can't be read."""
        found = self.catalog_if_any()
        if found is None:
            raise ProblemError("NO_CATALOG", "there is no data yet")
        return found

    def catalog_if_any(self) -> Catalog | None:
        """The same, None where there is none yet."""
        where = self.surroundings.catalog
        if "://" in where:
            return Catalog(where)
        return Catalog(Path(where)) if Path(where).is_dir() else None


def context_of(request: Request) -> Context:
    """The context that the app was made with."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


async def _here(request: Request) -> Context:
    return context_of(request)  # on the event loop: FastAPI gives a plain function a thread, which costs more than it


Here = Annotated[Context, Depends(_here)]
