"""Slippage, fees, cash, positions and buying power (rules 22, 23, 25 to 28)."""

from decimal import Decimal

from periscope.execution.fees import Bounded, PerContract, PerShare
from periscope.execution.slippage import PriceBasisPoints, Ticks
from tests.naive.rules.script import Rule

PER_SHARE = Bounded(inner=PerShare(Decimal("0.01")), minimum=Decimal(1), maximum=Decimal("2.5"))
TENTH = Decimal("0.1")

MONEY = [
    Rule(
        name="slippage in ticks works against the order, a limit is never passed",
        settings={"slippage": Ticks(3)},
        bars="""
            09:30 100 101 99    100
            09:31 100 101 97.99 100
            09:32 103 104 102   103
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
            start   2: BUY 10 LIMIT 98      | 09:30 2 WORKING
                                            | 09:30 1 FILLED 10 @ 100.03
                                            | 09:32 2 FILLED 10 @ 98
            09:32   3: SELL 20              | 09:32 3 WORKING
                                            | 09:32 3 FILLED 20 @ 102.97
        """,
    ),
    Rule(
        name="a limit filled at a better open slips, but not past its limit",
        settings={"slippage": Ticks(3)},
        bars="09:30 97.98 98 97 97.5",
        steps="""
            start   1: BUY 10 LIMIT 98      | 09:30 1 WORKING
            start   2: BUY 10 LIMIT 99      | 09:30 2 WORKING
                                            | 09:30 1 FILLED 10 @ 98
                                            | 09:30 2 FILLED 10 @ 98.01
        """,
    ),
    Rule(
        name="slippage in basis points is rounded to the tick against the order",
        settings={"slippage": PriceBasisPoints(Decimal(5))},
        bars="""
            09:30 101 102 100 101
            09:31 101 102 100 101
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 10 @ 101.06
            09:31   2: SELL 10              | 09:31 2 WORKING
                                            | 09:31 2 FILLED 10 @ 100.94
        """,
    ),
    Rule(
        name="minimum and maximum of a fee hold for the order over all its fills",
        settings={"fees": PER_SHARE, "participation": TENTH},
        bars="""
            09:30 100 101 99 100 500
            09:31 100 101 99 100 1000
            09:32 100 101 99 100 3000
            09:33 100 101 99 100 3000
        """,
        steps="""
            09:31   1: BUY 400              | 09:31 1 WORKING
                                            | 09:31 1 WORKING 50 @ 100
                                            | 09:32 1 WORKING 150 @ 100
                                            | 09:33 1 FILLED 400 @ 100
        """,
        cash="959997.5",
    ),
    Rule(
        name="a future costs its fee only; profit and loss comes at the close-out, times the multiplier",
        settings={"fees": PerContract(Decimal("2.25"))},
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5010.5 5011 5009 5010
        """,
        steps="""
            start   1: BUY 2 on ESH4        | 09:30 1 WORKING
                                            | 09:30 1 FILLED 2 @ 5000
            09:31   2: SELL 1 on ESH4       | 09:31 2 WORKING
                                            | 09:31 2 FILLED 1 @ 5010.5
        """,
        cash="1000518.25",
        value="1001018.25",
        positions="ESH4 1 @ 5000 realised 525",
    ),
    Rule(
        name="the average price is per unit, before fees, and does not change when the position is reduced",
        settings={"fees": PerShare(Decimal("0.01"))},
        bars="""
            09:30 100 101 99 100
            09:31 101 102 100 101
            09:32 103 104 102 103
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 10 @ 100
            09:31   2: BUY 20               | 09:31 2 WORKING
                                            | 09:31 2 FILLED 20 @ 101
            09:32   3: SELL 15              | 09:32 3 WORKING
            3 FILLED  look                  | 09:32 3 FILLED 15 @ 103
        """,
        sees="09:32 AAA LONG 15 100.6666666667",
        cash="998524.55",
        positions="AAA 15 @ 100.6666666667 realised 35",
    ),
    Rule(
        name="cash starts at zero, and an order without money is refused",
        money="0",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 1 LIMIT 99       | 09:30 1 REJECTED OUT_OF_CASH
        """,
        issues="OUT_OF_CASH",
        cash="0",
    ),
    Rule(
        name="resting buys hold back limit times quantity plus the fee; what is held back cannot be withdrawn",
        settings={"fees": PER_SHARE},
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 6 LIMIT 90       | 09:30 1 WORKING
            start   2: BUY 5 LIMIT 91.8     | 09:30 2 REJECTED OUT_OF_CASH
            start   3: BUY 5 LIMIT 91.6     | 09:30 3 WORKING
            start   withdraw 0.01           |
            09:31   cancel limits           | 09:31 1 CANCELLED
                                            | 09:31 3 CANCELLED
            09:31   withdraw 1000           |
        """,
        issues="OUT_OF_CASH WITHDRAWAL_EXCEEDS_FREE_CASH",
        cash="0",
    ),
    Rule(
        name="a market order is valued at the last price, and checked again at its fill: a gap beyond the cash ends it",
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 101 102 100 101
        """,
        steps="""
            09:31   1: BUY 11               | 09:31 1 REJECTED OUT_OF_CASH
            09:31   2: BUY 10               | 09:31 2 WORKING
                                            | 09:31 2 REJECTED OUT_OF_CASH
        """,
        cash="1000",
    ),
    Rule(
        name="a partial fill stays when the rest of the order breaches",
        money="1000",
        settings={"participation": TENTH},
        bars="""
            09:30 100 101 99 100 60
            09:31 100 101 99 100 60
            09:32 120 121 119 120
        """,
        steps="""
            09:31   1: BUY 9                | 09:31 1 WORKING
                                            | 09:31 1 WORKING 6 @ 100
                                            | 09:32 1 FILLED 9 @ 120
            1 FILLED  2: BUY 1 LIMIT 41     | 09:32 2 REJECTED OUT_OF_CASH
        """,
        cash="40",
    ),
    Rule(
        name="a breach after a partial fill: REJECTED with what was filled",
        money="1000",
        settings={"participation": TENTH},
        bars="""
            09:30 100 101 99 100 60
            09:31 100 101 99 100 60
            09:32 140 141 139 140
        """,
        steps="""
            09:31   1: BUY 9                | 09:31 1 WORKING
                                            | 09:31 1 WORKING 6 @ 100
                                            | 09:32 1 REJECTED 6 OUT_OF_CASH
        """,
        cash="400",
    ),
    Rule(
        name="futures need their initial margin; closing needs nothing",
        money="2500",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5001 4999 5000
        """,
        steps="""
            start   1: BUY 2 LIMIT 5100 on ESH4     | 09:30 1 WORKING
            start   2: BUY 1 LIMIT 5100 on ESH4     | 09:30 2 REJECTED OUT_OF_CASH
            start   3: SELL 2 LIMIT 5200 on ESH4    | 09:30 3 WORKING
                                                    | 09:30 1 FILLED 2 @ 5000
            09:31   4: SELL 4 LIMIT 5300 on ESH4    | 09:31 4 REJECTED OUT_OF_CASH
            09:31   withdraw 500.01                 | 09:31 5 WORKING
            09:31   withdraw 500                    | 09:31 5 FILLED 2 @ 5000
            09:31   5: SELL_TO_CLOSE on ESH4        |
        """,
        issues="OUT_OF_CASH OUT_OF_CASH WITHDRAWAL_EXCEEDS_FREE_CASH",
        cash="2000",
    ),
    Rule(
        name="an order that needs nothing is never out of cash: shares can be sold while futures lose too much",
        money="2500",
        bars="""
            ESH4 09:30 5000 5001 4960 4960
            09:30 100 101 99 100
            09:31 101 102 100 101
        """,
        steps="""
            start   1: BUY 1 on ESH4            | 09:30 1 WORKING
            start   2: BUY 10                   | 09:30 2 WORKING
                                                | 09:30 1 FILLED 1 @ 5000
                                                | 09:30 2 FILLED 10 @ 100
            09:31   3: BUY 1 LIMIT 1            | 09:31 3 REJECTED OUT_OF_CASH
            09:31   4: SELL 10                  | 09:31 4 WORKING
                                                | 09:31 4 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="open losses of futures reduce what is free, open profits add to it",
        money="2500",
        bars="""
            ESH4 09:30 5000 5001 4990 4990
            ESH4 09:31 4990 5020 4990 5020
            09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 1 on ESH4            | 09:30 1 WORKING
                                                | 09:30 1 FILLED 1 @ 5000
            09:31   withdraw 1000.01            |
            09:31   withdraw 1000               |
            09:32   2: BUY 15 LIMIT 99          | 09:32 2 WORKING
            09:32   withdraw 15.01              |
            09:32   withdraw 15                 |
        """,
        issues="WITHDRAWAL_EXCEEDS_FREE_CASH WITHDRAWAL_EXCEEDS_FREE_CASH",
        cash="1485",
    ),
    Rule(
        name="amounts of cash must be positive",
        bars="09:30 100 101 99 100",
        steps="""
            start   insert 0                |
            start   withdraw -5             |
            start   insert NaN              |
            start   withdraw 1000000.01     |
            start   withdraw 1000000        |
        """,
        issues="CASH_AMOUNT_NOT_POSITIVE CASH_AMOUNT_NOT_POSITIVE CASH_AMOUNT_NOT_POSITIVE "
        "WITHDRAWAL_EXCEEDS_FREE_CASH",
        cash="0",
    ),
]
