"""What MARKET, LIMIT, STOP and STOP_LIMIT orders do on a bar (rules 17, 20, 21)."""

from periscope.engine.settings import FillModelName, LimitFill
from tests.naive.rules.script import Rule

TOUCH = {"limit_fill": LimitFill.TOUCH}
CLOSE = {"fill_model": FillModelName.CURRENT_CLOSE}

ORDER_TYPES = [
    Rule(
        name="a market order fills at the next open, and is told at that time",
        bars="""
            09:30 100 101 99 100.50
            09:31 102 103 101 102.50
        """,
        steps="""
            09:31   1: BUY 10      | 09:31 1 WORKING
                                   | 09:31 1 FILLED 10 @ 102
        """,
        cash="998980",
        positions="AAA 10 @ 102 realised 0",
    ),
    Rule(
        name="an order placed at the start meets the bar that starts then",
        bars="09:30 100 101 99 100.50",
        steps="""
            start   1: BUY 10      | 09:30 1 WORKING
                                   | 09:30 1 FILLED 10 @ 100
        """,
    ),
    Rule(
        name="where bars are missing a market order waits for the next one",
        bars="""
            09:30 100 101 99 100
            09:45 104 105 103 104
        """,
        steps="""
            09:31   1: BUY 10      | 09:31 1 WORKING
                                   | 09:45 1 FILLED 10 @ 104
        """,
    ),
    Rule(
        name="an order placed while a bar is under way does not meet that bar",
        bars="""
            09:30 100 101  99 100
            09:31 100 101  95 100
            09:32 100 101  98 100
        """,
        steps="""
            start   timer 90               | 09:31:30 timer
            timer   1: BUY 10 LIMIT 99     | 09:31:30 1 WORKING
                                           | 09:33 1 FILLED 10 @ 99
                                           | 09:33 timer
        """,
        end="09:34",
    ),
    Rule(
        name="a buy limit fills at the open if that is better",
        bars="""
            09:30 100    101 99   100
            09:31  98.90 100 98.5  99
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99     | 09:31 1 WORKING
                                           | 09:31 1 FILLED 10 @ 98.9
        """,
    ),
    Rule(
        name="a buy limit fills at its limit at the end of a bar that trades through it",
        bars="""
            09:30 100 101 99    100
            09:31 100 101 98.99 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99     | 09:31 1 WORKING
                                           | 09:32 1 FILLED 10 @ 99
        """,
    ),
    Rule(
        name="through: a bar that only touches the limit does not fill it",
        bars="""
            09:30 100 101 99    100
            09:31 100 101 99    100
            09:32 100 101 98.99 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99     | 09:31 1 WORKING
                                           | 09:33 1 FILLED 10 @ 99
        """,
    ),
    Rule(
        name="touch: a bar that touches the limit fills it",
        settings=TOUCH,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99     | 09:31 1 WORKING
                                           | 09:32 1 FILLED 10 @ 99
        """,
    ),
    Rule(
        name="through: an open at the limit does not fill at the open, a lower price later in the bar fills",
        bars="""
            09:30 100 101 99    100
            09:31  99 101 98.99 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99     | 09:31 1 WORKING
                                           | 09:32 1 FILLED 10 @ 99
        """,
    ),
    Rule(
        name="touch: an open at the limit fills at the open",
        settings=TOUCH,
        bars="""
            09:30 100 101 99 100
            09:31  99 101 99 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99     | 09:31 1 WORKING
                                           | 09:31 1 FILLED 10 @ 99
        """,
    ),
    Rule(
        name="a sell limit is the mirror image",
        bars="""
            09:30 100   101    99 100
            09:31 100   101    99 100
            09:32 100   101.01 99 100
            09:33 102.5 103    99 100
        """,
        steps="""
            start   1: BUY 20              | 09:30 1 WORKING
                                           | 09:30 1 FILLED 20 @ 100
            09:31   2: SELL 10 LIMIT 101   | 09:31 2 WORKING
            09:31   3: SELL 10 LIMIT 102   | 09:31 3 WORKING
                                           | 09:33 2 FILLED 10 @ 101
                                           | 09:33 3 FILLED 10 @ 102.5
        """,
        cash="1000035",
    ),
    Rule(
        name="a buy stop fills at the stop when it is touched",
        bars="""
            09:30 100 100.50 99 100
            09:31 100 100.99 99 100
            09:32 100 101    99 100
        """,
        steps="""
            09:31   1: BUY 10 STOP 101     | 09:31 1 WORKING
                                           | 09:33 1 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="a buy stop fills at an open on or over the stop",
        bars="""
            09:30 100 100.50 99 100
            09:31 101 103   100 102
            09:32 103 104   102 103
        """,
        steps="""
            09:31   1: BUY 10 STOP 101     | 09:31 1 WORKING
                                           | 09:31 1 FILLED 10 @ 101
            09:32   2: BUY 10 STOP 101     | 09:32 2 WORKING
                                           | 09:32 2 FILLED 10 @ 103
        """,
    ),
    Rule(
        name="a sell stop is the mirror image",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 98 100
            09:32  95  96 94  95
        """,
        steps="""
            start   1: BUY 20              | 09:30 1 WORKING
                                           | 09:30 1 FILLED 20 @ 100
            09:31   2: SELL 10 STOP 98     | 09:31 2 WORKING
            09:31   3: SELL 10 STOP 97     | 09:31 3 WORKING
                                           | 09:32 2 FILLED 10 @ 98
                                           | 09:32 3 FILLED 10 @ 95
        """,
    ),
    Rule(
        name="current close: a market order fills at the close of the bar that ended now",
        settings=CLOSE,
        bars="""
            09:30 100 101 99 100.50
            09:31 102 103 101 102.50
        """,
        steps="""
            09:31   1: BUY 10      | 09:31 1 WORKING
                                   | 09:31 1 FILLED 10 @ 100.5
        """,
    ),
    Rule(
        name="current close: where no bar ended now, the next open",
        settings=CLOSE,
        bars="""
            09:30 100 101  99 100.50
            09:31 102 103 101 102.50
            09:32 104 105 103 104
        """,
        steps="""
            start   1: BUY 10      | 09:30 1 WORKING
                                   | 09:30 1 FILLED 10 @ 100
            start   timer 90       | 09:31:30 timer
            timer   2: BUY 10      | 09:31:30 2 WORKING
                                   | 09:32 2 FILLED 10 @ 104
                                   | 09:33 timer
        """,
        end="09:33",
    ),
    Rule(
        name="current close: first updates of all orders come before the first fill",
        settings=CLOSE,
        bars="09:30 100 101 99 100.50",
        steps="""
            09:31   1: BUY 10      | 09:31 1 WORKING
            09:31   2: BUY 5       | 09:31 2 WORKING
                                   | 09:31 1 FILLED 10 @ 100.5
                                   | 09:31 2 FILLED 5 @ 100.5
        """,
    ),
]
