"""The splits that a catalog knows of an equity."""

from datetime import date, timedelta

from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for
from periscope.market.catalog_files import CatalogFiles
from periscope.market.importers.corporate_actions import read_corporate_actions


def split_days(files: CatalogFiles, instrument: Instrument) -> frozenset[date]:
    """The trading days at whose open a known split of an equity takes effect; none where the catalog knows of none.

    Raises `CatalogDamagedError` if the file of corporate actions can't be read.
    """
    if instrument.asset_type not in TRADES_AS_EQUITY:
        return frozenset()
    actions = read_corporate_actions(files, instrument.symbol)
    splits = actions.splits if actions is not None else []
    return frozenset(_next_session(instrument.exchange, split.last_day_before) for split in splits)


def _next_session(exchange: str, day: date) -> date:
    """The trading day after a day; the next calendar day where the sessions are not known."""
    following = day + timedelta(days=1)
    try:
        sessions = sessions_for(exchange)
        return sessions.trading_day(sessions.day_bounds(following)[0])
    except (SessionRangeError, UnknownExchangeError):
        return following
