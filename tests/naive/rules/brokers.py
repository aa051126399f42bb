"""Brokers' fee schedules (rule 23, `core.fees` by name), on 22 January 2024: the SEC takes 8.00 a million of a sale,
FINRA 0.000166 a share of it.

Cash starts at 1,000,000 and tells what was paid.
"""

from decimal import Decimal

from periscope.execution.fee_schedules import FEE_SCHEDULES
from tests.naive.rules.script import Rule

FIXED = {"fees": FEE_SCHEDULES["interactive_brokers_fixed"]}
TIERED = {"fees": FEE_SCHEDULES["interactive_brokers_tiered"]}
ALPACA = {"fees": FEE_SCHEDULES["alpaca"]}

BROKERS = [
    Rule(
        name="fixed: 100 shares at 25 pay the minimum of 1.00, and 0.0072 for the audit trail",
        settings=FIXED,
        bars="09:30 25 25 25 25",
        steps="""
            start   1: BUY 100              | 09:30 1 WORKING
                                            | 09:30 1 FILLED 100 @ 25
        """,
        cash="997498.9928",
    ),
    Rule(
        name="fixed: 1000 shares at 0.25 pay at most 1% of their value, 2.50, and 0.072",
        settings=FIXED,
        bars="09:30 0.25 0.25 0.25 0.25",
        steps="""
            start   1: BUY 1000             | 09:30 1 WORKING
                                            | 09:30 1 FILLED 1000 @ 0.25
        """,
        cash="999747.428",
    ),
    Rule(
        name="fixed: a sell of 1000 at 25 pays 5.00, SEC 0.20, FINRA 0.166 and 0.072; the buy before 5.00 and 0.072",
        settings=FIXED,
        bars="""
            09:30 25 25 25 25
            09:31 25 25 25 25
        """,
        steps="""
            start   1: BUY 1000             | 09:30 1 WORKING
                                            | 09:30 1 FILLED 1000 @ 25
            09:31   2: SELL 1000            | 09:31 2 WORKING
                                            | 09:31 2 FILLED 1000 @ 25
        """,
        cash="999989.49",
    ),
    Rule(
        name="fixed: the minimum is paid once for an order in three fills (2.00 for 400 shares, and 0.0288)",
        settings=FIXED | {"participation": Decimal("0.1")},
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
        cash="959997.9712",
    ),
    Rule(
        name="tiered: 100 at 25 pay 0.35, clearing 0.02, pass-through 0.35 x 0.000175 and 0.35 x 0.00056, and 0.0072",
        settings=TIERED,
        bars="09:30 25 25 25 25",
        steps="""
            start   1: BUY 100              | 09:30 1 WORKING
                                            | 09:30 1 FILLED 100 @ 25
        """,
        cash="997499.62254275",
    ),
    Rule(
        name="Alpaca: no commission; a sell of 60,000 at 10 pays SEC 4.80, FINRA 8.30 at most, and 2.76 like the buy",
        settings=ALPACA,
        bars="""
            09:30 10 10 10 10
            09:31 10 10 10 10
        """,
        steps="""
            start   1: BUY 60000            | 09:30 1 WORKING
                                            | 09:30 1 FILLED 60000 @ 10
            09:31   2: SELL 60000           | 09:31 2 WORKING
                                            | 09:31 2 FILLED 60000 @ 10
        """,
        cash="999981.38",
    ),
    Rule(
        name="futures: 0.85 commission, 1.38 exchange and 0.02 regulator a contract of ES, fixed and tiered alike",
        settings=TIERED,
        bars="ESH4 09:30 5000 5001 4999 5000",
        steps="""
            start   1: BUY 2 on ESH4        | 09:30 1 WORKING
                                            | 09:30 1 FILLED 2 @ 5000
        """,
        cash="999995.5",
    ),
    Rule(
        name="what the schedule does not know is refused: Alpaca trades no futures",
        settings=ALPACA,
        bars="""
            09:30 10 10 10 10
            ESH4 09:30 5000 5001 4999 5000
        """,
        steps="""
            start   1: BUY 2 on ESH4        | 09:30 1 REJECTED FEE_UNKNOWN
        """,
        issues="FEE_UNKNOWN",
    ),
]
