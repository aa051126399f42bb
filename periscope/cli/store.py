"""The workspace's store, for the commands that need it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail
from periscope.cli.workspace import DATABASE_VARIABLE, Workspace, find_catalog, find_workspace
from periscope.runs.store.refusals import Refused

if TYPE_CHECKING:
    from periscope.runs.store.store import Store
    from periscope.runs.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Desk:
    """A workspace with its store opened."""

    workspace: Workspace
    store: "Store"

    def surroundings(self, catalog: str | None = None, *, must_exist: bool = True) -> "Surroundings":
        """What processes that run runs are told."""
        from periscope.runs.surroundings import Surroundings

        place = self.store.place
        found = find_catalog(catalog, must_exist=must_exist)
        data = found.resolve() if isinstance(found, Path) else found
        packages = list(self.workspace.packages)
        return Surroundings(folder=str(place.folder), catalog=str(data), url=place.url, packages=packages)


@contextmanager
def open_desk() -> Iterator[Desk]:
    """The workspace here with its store; ends the command where there is none."""
    from periscope.runs.store.store import Store, StorePlace

    workspace = find_workspace()
    if workspace is None:
        fail(
            "NO_WORKSPACE",
            "there is no workspace here, so there is no store of versions and runs",
            exit_code=ExitCode.NOT_FOUND,
            where=str(Path.cwd()),
            hint="`periscope init` makes a workspace, `periscope demo` one with data",
        )
    with Store(StorePlace(workspace.store, os.environ.get(DATABASE_VARIABLE) or None)) as store:
        yield Desk(workspace, store)


def allowed[T](answer: T | Refused) -> T:
    """What was asked for; ends the command where the store's rules are against it."""
    if isinstance(answer, Refused):
        refuse(answer)
    return answer


def refuse(refused: Refused) -> NoReturn:
    """End the command with what the store's rules said."""
    fail(refused.code, refused.message, exit_code=exit_of(refused.code), hint=refused.hint)


def exit_of(code: str) -> ExitCode:
    """How a command ends that the rules of the store refuse with this code."""
    return ExitCode.NOT_FOUND if code.endswith("_NOT_FOUND") or code == "NO_EXAMPLE" else ExitCode.USAGE
