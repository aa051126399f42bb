"""Fees and slippage over partial fills, minimum and maximum (rules 22 and 23, `core.fees`, `core.slippage`).

Cash starts at 1,000,000 and tells what was paid.
"""

from dataclasses import replace
from decimal import Decimal

from periscope.engine.settings import FillModelName
from periscope.execution.fees import BasisPoints, Bounded, LeanFees, PerContract, PerShare, Sum
from periscope.execution.slippage import PriceBasisPoints, Ticks, VolumeShare
from tests.naive.rules.script import AAA, Rule

TENTH = {"participation": Decimal("0.1")}
FINE = replace(AAA, price_scale=4)
"""A share whose prices may lie between two ticks."""
HALF_CENT = PerShare(Decimal("0.005"))
PARTIAL = """
    09:30 100 101 99 100 500
    09:31 100 101 99 100 1000
    09:32 100 101 99 100 3000
    09:33 100 101 99 100 3000
"""
BUY_400 = """
    09:31   1: BUY 400              | 09:31 1 WORKING
                                    | 09:31 1 WORKING 50 @ 100
                                    | 09:32 1 WORKING 150 @ 100
                                    | 09:33 1 FILLED 400 @ 100
"""

COSTS = [
    Rule(
        name="per share: every share of every fill costs the same (400 x 0.005)",
        settings=TENTH | {"fees": HALF_CENT},
        bars=PARTIAL,
        steps=BUY_400,
        cash="959998",
    ),
    Rule(
        name="per share with a minimum: the first fill pays it, the next ones only what goes beyond it (2.00 in all)",
        settings=TENTH | {"fees": Bounded(inner=HALF_CENT, minimum=Decimal(1))},
        bars=PARTIAL,
        steps=BUY_400,
        cash="959998",
    ),
    Rule(
        name="per share with a minimum that the whole order does not reach: paid once, not per fill",
        settings=TENTH | {"fees": Bounded(inner=HALF_CENT, minimum=Decimal(5))},
        bars=PARTIAL,
        steps=BUY_400,
        cash="959995",
    ),
    Rule(
        name="per share with a maximum: the fill that goes beyond it pays up to it, later ones nothing",
        settings=TENTH | {"fees": Bounded(inner=HALF_CENT, maximum=Decimal("0.5"))},
        bars=PARTIAL,
        steps=BUY_400,
        cash="959999.5",
    ),
    Rule(
        name="a maximum as a share of the value is below the minimum for a small order: the maximum holds (1% of 20)",
        settings={
            "fees": Bounded(inner=HALF_CENT, minimum=Decimal(1), maximum_basis_points=Decimal(100)),
        },
        bars="09:30 2 2 2 2",
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 10 @ 2
        """,
        cash="999979.8",
    ),
    Rule(
        name="two orders pay the minimum twice",
        settings={"fees": Bounded(inner=HALF_CENT, minimum=Decimal(1))},
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
            start   2: BUY 10               | 09:30 2 WORKING
                                            | 09:30 1 FILLED 10 @ 100
                                            | 09:30 2 FILLED 10 @ 100
        """,
        cash="997998",
    ),
    Rule(
        name="basis points of the traded value, buys and sells alike, after slippage",
        settings={"fees": BasisPoints(Decimal(10)), "slippage": Ticks(100)},
        bars="""
            09:30 100 101 99 100
            09:31 101 102 100 101
        """,
        steps="""
            start   1: BUY 100              | 09:30 1 WORKING
                                            | 09:30 1 FILLED 100 @ 101
            09:31   2: SELL 100             | 09:31 2 WORKING
                                            | 09:31 2 FILLED 100 @ 100
        """,
        cash="999879.9",
    ),
    Rule(
        name="basis points of a future: of quantity times price times multiplier",
        settings={"fees": BasisPoints(Decimal("0.1"))},
        bars="ESH4 09:30 5000 5001 4999 5000",
        steps="""
            start   1: BUY 2 on ESH4        | 09:30 1 WORKING
                                            | 09:30 1 FILLED 2 @ 5000
        """,
        cash="999995",
    ),
    Rule(
        name="per contract and per share side by side: each kind pays its own; bounds are for equities",
        settings={
            "fees": Sum((Bounded(inner=HALF_CENT, minimum=Decimal(1)), PerContract(Decimal("2.25")))),
        },
        bars="""
            09:30 100 101 99 100
            ESH4 09:30 5000 5001 4999 5000
        """,
        steps="""
            start   1: BUY 2 on ESH4        | 09:30 1 WORKING
            start   2: BUY 10               | 09:30 2 WORKING
                                            | 09:30 1 FILLED 2 @ 5000
                                            | 09:30 2 FILLED 10 @ 100
        """,
        cash="998994.5",
    ),
    Rule(
        name="LEAN: a dollar for few shares, even where half a percent of the order's value is less",
        settings={"fees": LeanFees()},
        bars="09:30 2 2 2 2",
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 10 @ 2
        """,
        cash="999979",
    ),
    Rule(
        name="LEAN: 0.005 a share from 200 shares on, at most half a percent of the value at the last price (3.00)",
        settings={"fees": LeanFees()},
        bars="""
            09:30 0.6 0.7 0.5 0.6
            09:31 0.8 0.9 0.8 0.8
        """,
        steps="""
            09:31   1: BUY 1000             | 09:31 1 WORKING
                                            | 09:31 1 FILLED 1000 @ 0.8
        """,
        cash="999197",
    ),
    Rule(
        name="LEAN: a limit buy below the last price is valued at its limit (0.5), a sell above it at its limit too",
        settings={"fees": LeanFees()},
        bars="""
            09:30 0.6 0.7 0.5  0.6
            09:31 0.6 0.7 0.4  0.6
            09:32 0.6 0.95 0.6 0.6
        """,
        steps="""
            09:31   1: BUY 1000 LIMIT 0.5   | 09:31 1 WORKING
                                            | 09:32 1 FILLED 1000 @ 0.5
            1 FILLED  2: SELL 1000 LIMIT 0.9 | 09:32 2 WORKING
                                            | 09:33 2 FILLED 1000 @ 0.9
        """,
        cash="1000393",
    ),
    Rule(
        name="LEAN: ES costs 2.15 a contract (0.85 commission, 1.28 exchange, 0.02 regulator)",
        settings={"fees": LeanFees()},
        bars="ESH4 09:30 5000 5001 4999 5000",
        steps="""
            start   1: BUY 2 on ESH4        | 09:30 1 WORKING
                                            | 09:30 1 FILLED 2 @ 5000
        """,
        cash="999995.7",
    ),
    Rule(
        name="what a resting order still owes is reserved: once the minimum is paid, the rest costs no more",
        settings=TENTH | {"fees": Bounded(inner=PerShare(Decimal(0)), minimum=Decimal(10))},
        money="1000",
        bars="""
            09:30 100 101 99 100 60
            09:31 90 91 89 90 60
            09:32 100 101 97 100 60
        """,
        steps="""
            09:31   1: BUY 9 LIMIT 98       | 09:31 1 WORKING
                                            | 09:31 1 WORKING 6 @ 90
            09:32   withdraw 156.01         |
            09:32   withdraw 156            | 09:33 1 FILLED 9 @ 98
        """,
        issues="WITHDRAWAL_EXCEEDS_FREE_CASH",
        cash="0",
    ),
    Rule(
        name="slippage in basis points of a negative price still works against the order",
        settings={"slippage": PriceBasisPoints(Decimal(100))},
        bars="ESH4 09:30 -40 -39 -41 -40",
        steps="""
            start   1: BUY 1 on ESH4        | 09:30 1 WORKING
            start   2: SELL 2 on ESH4       | 09:30 2 WORKING
                                            | 09:30 1 FILLED 1 @ -39.5
                                            | 09:30 2 FILLED 2 @ -40.5
        """,
    ),
    Rule(
        name="slippage never takes a share below one tick",
        settings={"slippage": Ticks(5)},
        bars="""
            09:30 0.03 0.04 0.02 0.03
            09:31 0.03 0.04 0.02 0.03
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 10 @ 0.08
            09:31   2: SELL 10              | 09:31 2 WORKING
                                            | 09:31 2 FILLED 10 @ 0.01
        """,
    ),
    Rule(
        name="and where the price is below one tick already, a sell gets that price and not the tick",
        settings={"slippage": Ticks(5)},
        instruments=(FINE,),
        bars="""
            09:30 0.03 0.04 0.02 0.03
            09:31 0.005 0.04 0.005 0.03
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 10 @ 0.08
            09:31   2: SELL 10              | 09:31 2 WORKING
                                            | 09:31 2 FILLED 10 @ 0.005
        """,
    ),
    Rule(
        name="volume share, squared: a tenth of the volume moves the price by 0.1 x 0.01 of it, rounded up for a buy",
        settings={"slippage": VolumeShare(Decimal("0.1"))},
        bars="""
            09:30 100 101 99 100 1000
            09:31 100.50 101 99 100 50
        """,
        steps="""
            09:31   1: BUY 100              | 09:31 1 WORKING
                                            | 09:31 1 FILLED 100 @ 100.61
        """,
    ),
    Rule(
        name="volume share, linear: a tenth of the volume moves the price by 0.02 x 0.1 of it, down for a sell",
        settings={"slippage": VolumeShare(Decimal("0.02"), power=1)},
        bars="""
            09:30 100 101 99 100 ?
            09:31 100 101 99 100 1000
            09:32 100 101 99 100 1000
        """,
        steps="""
            start   1: BUY 100              | 09:30 1 WORKING
                                            | 09:30 1 FILLED 100 @ 100
            09:32   2: SELL 100             | 09:32 2 WORKING
                                            | 09:32 2 FILLED 100 @ 99.8
        """,
    ),
    Rule(
        name="volume share: what the run has taken of the bar before counts too, and partial fills pay their own price",
        settings=TENTH | {"slippage": VolumeShare(Decimal(1), power=1)},
        bars="""
            09:30 100 101 99 100 1000
            09:31 100 101 99 100 1000
            09:32 100 101 99 100 1000
        """,
        steps="""
            09:31   1: BUY 60               | 09:31 1 WORKING
            09:31   2: BUY 60               | 09:31 2 WORKING
                                            | 09:31 1 FILLED 60 @ 106
                                            | 09:31 2 WORKING 40 @ 110
                                            | 09:32 2 FILLED 60 @ 102
        """,
    ),
    Rule(
        name="volume share: inside a bar its own volume counts; a limit is never passed",
        settings={"slippage": VolumeShare(Decimal(1), power=1)},
        bars="""
            09:30 100 101 99 100 10
            09:31 100 101 98.5 100 1000
            09:32 100 103 99 100 1000
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99      | 09:31 1 WORKING
                                            | 09:32 1 FILLED 10 @ 99
            09:32   2: BUY 10 STOP 102      | 09:32 2 WORKING
                                            | 09:33 2 FILLED 10 @ 103.02
        """,
    ),
    Rule(
        name="volume share: unknown volume moves nothing; without any volume, or beyond it, the share is one",
        settings={"slippage": VolumeShare(Decimal("0.1"))},
        bars="""
            09:30 100 101 99 100 ?
            09:31 100 101 99 100 0
            09:32 100 101 99 100 5
            09:33 100 101 99 100 5
        """,
        steps="""
            09:31   1: BUY 10               | 09:31 1 WORKING
                                            | 09:31 1 FILLED 10 @ 100
            09:32   2: BUY 10               | 09:32 2 WORKING
                                            | 09:32 2 FILLED 10 @ 110
            09:33   3: SELL 10              | 09:33 3 WORKING
                                            | 09:33 3 FILLED 10 @ 90
        """,
    ),
    Rule(
        name="volume share at a close: the volume of the bar that just ended counts",
        settings={"slippage": VolumeShare(Decimal("0.1"), power=1), "fill_model": FillModelName.CURRENT_CLOSE},
        bars="09:30 100 101 99 100 100",
        steps="""
            09:31   1: BUY 10               | 09:31 1 WORKING
                                            | 09:31 1 FILLED 10 @ 101
        """,
    ),
]
