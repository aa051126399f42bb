"""The order of everything: one key for each happening, the smallest is next.

A key is `(time, rank, phase, sub, sequence)`. `Rank` orders what happens at one instant, `Phase` orders what belongs to
`Rank.UPDATES` and `Accounting` what belongs to `Rank.ACCOUNTING`, `sub` puts stops before limits, and the closing
auction last, among the fills of one bar, and `sequence` is the order in which things were placed, registered or caused.
"""

from enum import IntEnum

type Key = tuple[int, int, int, int, int]


class Rank(IntEnum):
    """What comes first at one instant, and why."""

    CORPORATE = -1
    """Splits and dividends, as the day of their ex-date begins: everything else of that instant is in new shares."""
    UPDATES = 0
    """Fills and expiries of the interval that just ended, and whatever a handler causes now: news before new bars."""
    BARS = 1
    """Bars that are complete now; finer spans first, then order of registration."""
    EXPIRATIONS = 2
    """After the bars, so that a strategy has seen the contract's last one."""
    ACCOUNTING = 3
    """What the account does by itself. After expiries, which settle for good what needs no daily settlement any more;
    before timers and opens, so that nobody acts on money that is not there."""
    TIMER = 4
    """After all that is known about the past, so that a timer acts on the newest state."""
    OPENS = 5
    """Opens of the bars that start now: the first moment of the future."""


class Phase(IntEnum):
    """The order among the updates of one instant."""

    MOMENT = 0
    """Fills inside the bars that end now: they are the past, nothing done now may undo them."""
    ACKNOWLEDGEMENT = 1
    """WORKING or REJECTED of the orders placed now, in the order of the actions."""
    CONSEQUENCE = 2
    """Cancellations caused now."""
    AT_CLOSE = 3
    """Fills at the close of the bar that just ended (`current_close`)."""
    EXPIRY = 4
    """Orders whose time is up; a fill at the closing instant precedes it."""


class Accounting(IntEnum):
    """The order of what belongs to `Rank.ACCOUNTING`."""

    SETTLEMENT = 0
    """Futures whose session closes now: cash is what settlement leaves of it."""
    INTEREST = 1
    """Interest and borrow fees of the calendar day that ends now, on the cash after settlement."""
    MARGIN = 2
    """Last, so that an account is not called for money that has just come in."""


BEFORE_BARS = frozenset({Rank.CORPORATE, Rank.UPDATES})
"""Ranks that come before the bars of their instant; all others but BARS come after them."""
