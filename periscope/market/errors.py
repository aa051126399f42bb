"""What can be wrong with a catalog: one class each, with a code that is part of the public contract."""


class CatalogError(Exception):
    """A catalog could not do what was asked; the message says what, where and what to do."""

    code: str = "CATALOG_ERROR"


class NotThereError(CatalogError):
    """What was asked for is not in the catalog, or can't be told from what is. `code` is stable, and says what it is:

    UNKNOWN_INSTRUMENT, UNKNOWN_ROOT, SPAN_NOT_AVAILABLE, NO_BARS, AMBIGUOUS_CONTRACT, DATES_REQUIRED, or why the rolls
    of a root can't be told. The message names no place of a disk.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CatalogNotFoundError(CatalogError):
    """There is no catalog at the path."""

    code = "CATALOG_NOT_FOUND"


class CatalogDamagedError(CatalogError):
    """A file of the catalog is missing, unreadable or not what the manifest says."""

    code = "CATALOG_DAMAGED"


class CatalogVersionError(CatalogError):
    """The catalog was written in a layout that this version does not read."""

    code = "CATALOG_VERSION"


class CatalogConflictError(CatalogError):
    """What is to be written contradicts what is stored.

    `count` is the number of bars that differ and `first` the start of the first of them, microseconds since 1970-01-01
    UTC; both None where the conflict is about an instrument.
    """

    code = "CATALOG_CONFLICT"

    def __init__(self, message: str, *, count: int | None = None, first: int | None = None) -> None:
        super().__init__(message)
        self.count = count
        self.first = first


class BarsRefusedError(CatalogError):
    """Bars that no catalog stores: unsorted, duplicated, empty in time, or numbers too long.

    `row` is the index of the first offending bar in what was given, None where the columns as a whole are wrong.
    """

    code = "BARS_REFUSED"

    def __init__(self, message: str, *, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


class SymbolRefusedError(CatalogError):
    """A symbol that cannot name a folder: empty, too long, or with control characters."""

    code = "SYMBOL_REFUSED"


class CatalogUnreachableError(CatalogError):
    """An object store did not do what was asked: no connection, no permission, no room."""

    code = "CATALOG_UNREACHABLE"


class CatalogAddressError(CatalogError):
    """An address that names no store which could be opened here."""

    code = "CATALOG_ADDRESS"


class CatalogBusyError(CatalogError):
    """Other writers of an object store were always quicker."""

    code = "CATALOG_BUSY"
