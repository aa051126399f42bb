"""The fill models by name."""

from enum import StrEnum

from periscope.execution.fill_models.current_close import CurrentClose
from periscope.execution.fill_models.lean import Lean, LeanFillRules
from periscope.execution.fill_models.model import FillModel
from periscope.execution.fill_models.next_bar import LimitFill, NextBar


class FillModelName(StrEnum):
    """Which fill model a run has (`core.fill_model`)."""

    NEXT_BAR = "next_bar"
    CURRENT_CLOSE = "current_close"
    LEAN = "lean"


def fill_model(name: FillModelName, limit_fill: LimitFill, lean: LeanFillRules) -> FillModel:
    """The model of that name."""
    match name:
        case FillModelName.NEXT_BAR:
            return NextBar(limit_fill)
        case FillModelName.CURRENT_CLOSE:
            return CurrentClose(limit_fill)
        case FillModelName.LEAN:
            return Lean(lean)
