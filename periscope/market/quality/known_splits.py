"""The splits that a catalog knows of an equity."""

from datetime import date

from periscope.instruments.instrument import Instrument
from periscope.market.catalog_files import CatalogFiles
from periscope.market.corporate_actions import corporate_actions_of


def split_days(files: CatalogFiles, instrument: Instrument) -> frozenset[date]:
    """The trading days at whose open a known split of an equity takes effect; none where the catalog knows of none.

    Raises `CatalogDamagedError` if the file of corporate actions can't be read.
    """
    return frozenset(split.ex_date for split in corporate_actions_of(files, instrument).splits)
