"""What every fill model answers."""

from typing import Protocol

from periscope.execution.meeting import Market, Meeting, Search
from periscope.execution.order import Order


class FillModel(Protocol):
    """When and at what price an order meets its market. Its docstring states the rules in prose.

    `stops_first` says that among the fills inside bars that end at one instant stops come before limits, each by
    placement; otherwise all go by placement.
    """

    name: str
    stops_first: bool

    def next_meeting(self, order: Order, market: Market, search: Search, horizon: int) -> Meeting | None:
        """The order's next meeting among the rows that start at or before `horizon`, None if there is none there.

        Goes on where `search` stands, and leaves there how far it has come. Must depend on order and market alone.
        """

    def at_once(self, order: Order, market: Market, now: int) -> Meeting | None:
        """Where an order that is placed `now` fills without waiting, None if it waits."""
