"""The `cash` account: what is bought is paid for."""

from decimal import Decimal
from typing import override

from periscope.execution.accounts.margin import MarginAccount

_ALL = Decimal(1)


class CashAccount(MarginAccount):
    """Shares are paid in full and cannot be sold short; there is no credit. Futures need their margins in cash.

    That is a margin account in which shares require all of their value: what is free is cash, plus the result of
    futures that has not been settled, less their initial margins, less the reserve of resting orders (for shares: what
    the buys cost, with fees). An order or a fill that would sell shares short is refused. Only a loss of futures can
    bring cash below zero; before that, there is a margin call.
    """

    name = "cash"
    shorts = False

    def __init__(self) -> None:
        super().__init__(_ALL, _ALL)

    @override
    def describe(self) -> str:
        """In words."""
        return "cash: no short equities, no borrowing; futures against margin per contract"
