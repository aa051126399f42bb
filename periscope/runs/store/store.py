"""The store of a workspace, opened: its database, its files, and what is in them."""

from dataclasses import dataclass
from pathlib import Path

from periscope.runs.store.answer_rows import AnswerRows
from periscope.runs.store.content import ContentFiles
from periscope.runs.store.database import Database, database_url, sqlite_url
from periscope.runs.store.draft_rows import DraftRows
from periscope.runs.store.migrating import migrate
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import RunRows, content_is_named
from periscope.runs.store.strategy_rows import StrategyRows
from periscope.runs.store.token_rows import TokenRows
from periscope.runs.store.version_rows import VersionRows

DATABASE_FILE = "periscope.db"


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a store is: its folder, and the URL of a PostgreSQL database if that holds the tables."""

    folder: Path
    url: str | None = None


class Store:
    """One store. Raises StoreError where it can't be used. Safe to use from several threads and processes."""

    def __init__(self, place: StorePlace) -> None:
        self.place = place
        self.files = ContentFiles(place.folder / "files")
        try:
            self.files.create()
        except OSError as error:
            raise StoreError("STORE_UNAVAILABLE", f"can't make the folder: {error}", str(place.folder)) from error
        url = sqlite_url(place.folder / DATABASE_FILE) if place.url is None else database_url(place.url)
        self.database = Database(url)
        migrate(self.database)
        self.strategies = StrategyRows(self.database)
        self.drafts = DraftRows(self.database)
        self.versions = VersionRows(self.database)
        self.runs = RunRows(self.database)
        self.tokens = TokenRows(self.database)
        self.answers = AnswerRows(self.database)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    @property
    def is_gone(self) -> bool:
        """Whether somebody has removed the store's folder; what is still open of it can only mislead."""
        return not self.files.folder.is_dir()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def names(self, content: str) -> bool:
        """Whether anything in the database names this content."""
        return content_is_named(self.database, content)

    def forget(self, content: set[str]) -> None:
        """Remove files that nothing names any longer."""
        self.files.forget(content, self.names)
