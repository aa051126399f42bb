"""`core.fees` and `core.slippage`: which model each way of writing them means, and how a result names it."""

from decimal import Decimal
from typing import Any

import pytest

from periscope.execution.fees import BasisPoints, Bounded, FeeModel, LeanFees, NoFees, PerContract, PerShare, Sum
from periscope.execution.slippage import NoSlippage, PriceBasisPoints, SlippageModel, Ticks, VolumeShare
from periscope.runs.cost_keys import fee_model, read_fees, read_slippage, slippage_model

PER_SHARE = PerShare(Decimal("0.005"))


@pytest.mark.parametrize(
    ("written", "model", "words"),
    [
        ("none", NoFees(), "none"),
        ({}, NoFees(), "none"),
        ({"per_share": 0, "basis_points": 0, "maximum": 5}, NoFees(), "none"),
        (" LEAN ", LeanFees(), "LEAN's InteractiveBrokersFeeModel"),
        ({"per_share": "0.0050"}, PER_SHARE, "0.005 a share"),
        ({"minimum": 1}, Bounded(inner=PerShare(Decimal(0)), minimum=Decimal(1)), "0 a share, at least 1 an order"),
        ({"basis_points": "2.5"}, BasisPoints(Decimal("2.5")), "2.5 basis points of the traded value"),
        (
            {"per_share": "0.005", "minimum": 1, "maximum_basis_points": 100, "per_contract": "2.05"},
            Sum(
                (
                    Bounded(inner=PER_SHARE, minimum=Decimal(1), maximum_basis_points=Decimal(100)),
                    PerContract(Decimal("2.05")),
                )
            ),
            "0.005 a share, at least 1, never above 1% of the value an order; 2.05 a contract",
        ),
        (
            {"per_share": "0.005", "basis_points": 1, "maximum": 9},
            Bounded(inner=Sum((PER_SHARE, BasisPoints(Decimal(1)))), maximum=Decimal(9)),
            "0.005 a share; 1 basis points of the traded value, at most 9 an order",
        ),
    ],
)
def test_fees_are_written_in_these_ways(written: Any, model: FeeModel, words: str) -> None:
    effective = read_fees(written)
    assert fee_model(effective) == model
    assert model.describe() == words
    assert read_fees(effective) == effective


@pytest.mark.parametrize(
    ("written", "model", "words"),
    [
        ("none", NoSlippage(), "none"),
        ({"ticks": 0}, NoSlippage(), "none"),
        ({"basis_points": 0}, NoSlippage(), "none"),
        ({"ticks": 2}, Ticks(2), "2 ticks against the order"),
        ({"basis_points": "7.50"}, PriceBasisPoints(Decimal("7.5")), "7.5 basis points against the order"),
        (
            {"volume_share": "0.1"},
            VolumeShare(Decimal("0.1"), 2),
            "share of the bar's volume: 0.1 of the price times its square, against the order",
        ),
        (
            {"volume_share": {"price_impact": "0.02", "power": 1}},
            VolumeShare(Decimal("0.02"), 1),
            "share of the bar's volume: 0.02 of the price times it, against the order",
        ),
    ],
)
def test_slippage_is_written_in_these_ways(written: Any, model: SlippageModel, words: str) -> None:
    effective = read_slippage(written)
    assert slippage_model(effective) == model
    assert model.describe() == words
    assert read_slippage(effective) == effective
