"""What is refused before it rests, and with which code (rule 15)."""

from dataclasses import replace
from decimal import Decimal

from libs.shared_ipc.src.protocol import AssetType
from periscope.engine.settings import LimitFill, Limits, PriceRounding
from tests.naive.rules.script import AAA, BBB, ESH4, Rule, at

INDEX = replace(AAA, symbol="IDX", asset_type=AssetType.INDEX)
FOREIGN = replace(AAA, symbol="SAP", currency="EUR")
LATER = replace(AAA, symbol="NEW", listed_at=at("09:45"))
GONE = replace(AAA, symbol="OLD", expires_at=at("09:30"))
BARE = replace(ESH4, symbol="NQH4", initial_margin=None)
ALL = (AAA, BBB, ESH4, INDEX, FOREIGN, LATER, GONE, BARE)

ADMISSION = [
    Rule(
        name="what cannot be traded, each with its code",
        instruments=ALL,
        bars="""
            09:30 100 101 99 100
            NEW 09:45 100 101 99 100
        """,
        steps="""
            start   1: BUY 1 on ZZZ         | 09:30 1 REJECTED UNKNOWN_INSTRUMENT
            start   2: BUY 1 on AAA FUTURE  | 09:30 2 REJECTED UNKNOWN_INSTRUMENT
            start   3: BUY 1 on OLD         | 09:30 3 REJECTED EXPIRED_INSTRUMENT
            start   4: BUY 1 on IDX         | 09:30 4 REJECTED ASSET_TYPE_NOT_TRADABLE
            start   5: BUY 1 on SAP         | 09:30 5 REJECTED CURRENCY_MISMATCH
            start   6: BUY 1 on NEW         | 09:30 6 REJECTED NOT_LISTED
            start   7: BUY 1 on NQH4        | 09:30 7 REJECTED MARGIN_UNKNOWN
        """,
        issues="UNKNOWN_INSTRUMENT UNKNOWN_INSTRUMENT EXPIRED_INSTRUMENT ASSET_TYPE_NOT_TRADABLE CURRENCY_MISMATCH "
        "NOT_LISTED MARGIN_UNKNOWN",
    ),
    Rule(
        name="quantities, each with its code",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY                  | 09:30 1 REJECTED QUANTITY_MISSING
            start   2: SELL LIMIT 101       | 09:30 2 REJECTED QUANTITY_MISSING
            start   3: BUY 0                | 09:30 3 REJECTED QUANTITY_NOT_POSITIVE
            start   4: BUY -5               | 09:30 4 REJECTED QUANTITY_NOT_POSITIVE
            start   5: BUY 1.5              | 09:30 5 REJECTED QUANTITY_OFF_STEP
            start   6: BUY NaN              | 09:30 6 REJECTED QUANTITY_NOT_POSITIVE
            start   7: BUY Infinity         | 09:30 7 REJECTED QUANTITY_NOT_POSITIVE
            start   8: SELL_TO_CLOSE 0      | 09:30 8 REJECTED QUANTITY_NOT_POSITIVE
            start   9: BUY 10               | 09:30 9 WORKING
                                            | 09:30 9 FILLED 10 @ 100
            09:31   10: CLOSE 0.5           | 09:31 10 REJECTED QUANTITY_OFF_STEP
            09:31   11: CLOSE 10.5          | 09:31 11 WORKING
        """,
    ),
    Rule(
        name="prices, each with its code",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 1 LIMIT               | 09:30 1 REJECTED PRICE_MISSING
            start   2: BUY 1 STOP                | 09:30 2 REJECTED PRICE_MISSING
            start   3: BUY 1 STOP LIMIT 99       | 09:30 3 REJECTED PRICE_MISSING
            start   4: BUY 1 STOP 99 LIMIT       | 09:30 4 REJECTED PRICE_MISSING
            start   5: BUY 1 MARKET LIMIT 99     | 09:30 5 REJECTED PRICE_NOT_WANTED
            start   6: BUY 1 LIMIT 99 STOP 101   | 09:30 6 REJECTED PRICE_NOT_WANTED
            start   7: BUY 1 LIMIT 0             | 09:30 7 REJECTED PRICE_NOT_POSITIVE
            start   8: BUY 1 STOP -3             | 09:30 8 REJECTED PRICE_NOT_POSITIVE
            start   9: BUY 1 LIMIT 0.004         | 09:30 9 REJECTED PRICE_NOT_POSITIVE
            start   10: BUY 1 LIMIT NaN          | 09:30 10 REJECTED PRICE_NOT_POSITIVE
            start   11: BUY 1 STOP Infinity      | 09:30 11 REJECTED PRICE_NOT_POSITIVE
        """,
    ),
    Rule(
        name="the first broken rule names the refusal",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 0 LIMIT on ZZZ           | 09:30 1 REJECTED UNKNOWN_INSTRUMENT
            start   2: BUY 0 LIMIT OPG              | 09:30 2 REJECTED QUANTITY_NOT_POSITIVE
            start   3: BUY 1 LIMIT OPG              | 09:30 3 REJECTED PRICE_MISSING
            start   4: SELL_TO_CLOSE 1 LIMIT 5 GTD  | 09:30 4 REJECTED GOOD_TILL_MISSING
            start   5: SELL 1 STOP 99 IOC           | 09:30 5 REJECTED TIME_IN_FORCE_NOT_ALLOWED
            start   6: SELL 1000000 LIMIT 99        | 09:30 6 REJECTED SHORT_NOT_ALLOWED
            start   7: BUY 1000000 LIMIT 99         | 09:30 7 REJECTED OUT_OF_CASH
        """,
    ),
    Rule(
        name="reject: a price off the tick is refused",
        settings={"price_rounding": PriceRounding.REJECT},
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 1 LIMIT 99.005           | 09:30 1 REJECTED PRICE_OFF_TICK
            start   2: BUY 1 STOP 101.999           | 09:30 2 REJECTED PRICE_OFF_TICK
            start   3: BUY 1 LIMIT 98.99            | 09:30 3 WORKING
            start   4: BUY 1 LIMIT 4990.1 on ESH4   | 09:30 4 REJECTED PRICE_OFF_TICK
        """,
    ),
    Rule(
        name="passive: a price off the tick is moved to the tick away from the market",
        settings={"limit_fill": LimitFill.TOUCH},
        bars="""
            09:30 100 100.5 99.5 100
            09:31 100 101.01 98.99 100
        """,
        steps="""
            start   1: BUY 20                  | 09:30 1 WORKING
                                               | 09:30 1 FILLED 20 @ 100
            09:31   2: BUY 5 LIMIT 98.999      | 09:31 2 WORKING
            09:31   3: SELL 5 LIMIT 101.001    | 09:31 3 WORKING
            09:31   4: BUY 5 STOP 101.001      | 09:31 4 WORKING
            09:31   5: SELL 5 STOP 98.999      | 09:31 5 WORKING
                                               | 09:32 4 FILLED 5 @ 101.01
                                               | 09:32 5 FILLED 5 @ 98.99
                                               | 09:32 2 FILLED 5 @ 98.99
                                               | 09:32 3 FILLED 5 @ 101.01
        """,
    ),
    Rule(
        name="passive: a close order is rounded by the side that it turns out to have",
        bars="""
            09:30 100 100.5  99.5  100
            09:31 100 101.02 99.5  100
        """,
        steps="""
            start   1: BUY 20                  | 09:30 1 WORKING
                                               | 09:30 1 FILLED 20 @ 100
            09:31   2: CLOSE 5 LIMIT 101.001   | 09:31 2 WORKING
                                               | 09:32 2 FILLED 5 @ 101.01
        """,
    ),
    Rule(
        name="prices of futures may be negative",
        bars="""
            ESH4 09:30 -10 -9 -11 -10
            ESH4 09:31 -12 -4 -13 -5
        """,
        steps="""
            start   1: BUY 1 LIMIT -5.1 on ESH4    | 09:30 1 WORKING
                                                   | 09:30 1 FILLED 1 @ -10
            09:31   2: SELL 1 LIMIT -5.1 on ESH4   | 09:31 2 WORKING
                                                   | 09:32 2 FILLED 1 @ -5
        """,
        cash="1000250",
    ),
    Rule(
        name="an ETF answers to EQUITY too, and it is the same position; to no other type",
        bars="""
            BBB 09:30 100 101 99 100
            BBB 09:31 102 103 101 102
        """,
        steps="""
            start     1: BUY 10 on BBB EQUITY        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31     look on BBB EQUITY             |
            09:31     look on BBB ETF                |
            09:31     look on BBB OPTION             |
            09:31     2: SELL_TO_CLOSE on BBB ETF    | 09:31 2 WORKING
                                                     | 09:31 2 FILLED 10 @ 102
        """,
        sees="09:31 BBB LONG 10 100, 09:31 BBB LONG 10 100, 09:31 BBB flat",
        cash="1000020",
    ),
    Rule(
        name="a closed session is no refusal: the order waits for the next open",
        bars="""
            09:30 100 101 99 100
            Tue 09:30 105 106 104 105
        """,
        steps="""
            start   timer 36000              | 19:30 timer
            timer   1: BUY 10                | 19:30 1 WORKING
                                             | Tue 05:30 timer
                                             | Tue 09:30 1 FILLED 10 @ 105
        """,
        end="Tue 10:00",
    ),
    Rule(
        name="fractions of a share where the step allows them",
        instruments=(replace(AAA, quantity_step=Decimal("0.1")),),
        settings={"participation": Decimal("0.1")},
        bars="""
            09:30 100 101 99 100 14
            09:31 100 101 99 100 14
        """,
        steps="""
            09:31   1: BUY 2.5               | 09:31 1 WORKING
            09:31   2: BUY 2.55              | 09:31 2 REJECTED QUANTITY_OFF_STEP
                                             | 09:31 1 WORKING 1.4 @ 100
        """,
    ),
    Rule(
        name="no more orders may rest than the limit says; what has ended counts no more",
        settings={"limits": Limits(open_orders=2)},
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 1 LIMIT 90         | 09:30 1 WORKING
            start   2: BUY 1                  | 09:30 2 WORKING
            start   3: BUY 1 LIMIT 91         | 09:30 3 REJECTED TOO_MANY_OPEN_ORDERS
            start   4: BUY 0 LIMIT 91         | 09:30 4 REJECTED QUANTITY_NOT_POSITIVE
                                              | 09:30 2 FILLED 1 @ 100
            09:31   5: BUY 1 LIMIT 92         | 09:31 5 WORKING
        """,
    ),
]
