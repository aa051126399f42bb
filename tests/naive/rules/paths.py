"""What fills first where one bar allows several orders on one position: the reading that is worse (rule 20)."""

from decimal import Decimal

from periscope.engine.settings import AccountName
from tests.naive.rules.script import Rule

MARGIN = {"account": AccountName.MARGIN}

PATHS = [
    Rule(
        name="long, close target and close stop: the stop, and the target is cancelled",
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105       | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 95         | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 10 @ 95
                                                     | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="short, close target and close stop: the stop, and the target is cancelled",
        settings=MARGIN,
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: SELL 10                       | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: BUY_TO_CLOSE LIMIT 95         | 09:31 2 WORKING
            09:31   3: BUY_TO_CLOSE STOP 105         | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 10 @ 105
                                                     | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a close stop and a plain target: the stop; the target does not open the other side in this bar",
        settings=MARGIN,
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL 10 LIMIT 105             | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 95         | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 10 @ 95
            3 FILLED   cancel limits                 | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a plain stop and a close target: the stop, and the target has nothing left to close",
        settings=MARGIN,
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105       | 09:31 2 WORKING
            09:31   3: SELL 10 STOP 95               | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 10 @ 95
                                                     | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a stop that flips the position: the close target is cancelled, and what it opened stays",
        settings=MARGIN,
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105       | 09:31 2 WORKING
            09:31   3: SELL 15 STOP 95               | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 15 @ 95
                                                     | 09:32 2 CANCELLED
        """,
        positions="AAA -5 @ 95 realised -50",
    ),
    Rule(
        name="a stop for a part: a close target takes the rest of the position in the same bar",
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105       | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE 6 STOP 95       | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 6 @ 95
                                                     | 09:32 2 FILLED 4 @ 105
        """,
    ),
    Rule(
        name="a stop limit that is touched in this bar counts as a stop",
        bars="""
            09:30 100 101 99 100
            09:31 100 106 94 100
        """,
        steps="""
            start   1: BUY 10                             | 09:30 1 WORKING
                                                          | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105            | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 95 LIMIT 94.50  | 09:31 3 WORKING
                                                          | 09:32 3 FILLED 10 @ 95
                                                          | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a target met at the open is certain to come before a stop inside the bar",
        bars="""
            09:30 100 101 99 100
            09:31 106 107 94 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105       | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 95         | 09:31 3 WORKING
                                                     | 09:31 2 FILLED 10 @ 106
                                                     | 09:31 3 CANCELLED
        """,
    ),
    Rule(
        name="a stop gapped over at the open, and the target inside the bar comes too late",
        bars="""
            09:30 100 101 99 100
            09:31  93 106 92 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105       | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 95         | 09:31 3 WORKING
                                                     | 09:31 3 FILLED 10 @ 93
                                                     | 09:31 2 CANCELLED
        """,
    ),
    Rule(
        name="an entry and its protective stop in one bar: the stop finds nothing before the entry, and goes first",
        settings=MARGIN,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 95 96
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 98               | 09:31 1 WORKING
            09:31   2: SELL 10 STOP 97               | 09:31 2 WORKING
                                                     | 09:32 2 FILLED 10 @ 97
                                                     | 09:32 1 FILLED 10 @ 98
        """,
        positions="AAA 0 realised -10",
    ),
    Rule(
        name="two targets are no doubt: both fill, and the second may open the other side",
        settings=MARGIN,
        bars="""
            09:30 100 101 99 100
            09:31 100 107 99 100
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL 10 LIMIT 105             | 09:31 2 WORKING
            09:31   3: SELL 10 LIMIT 106             | 09:31 3 WORKING
                                                     | 09:32 2 FILLED 10 @ 105
                                                     | 09:32 3 FILLED 10 @ 106
        """,
        positions="AAA -10 @ 106 realised 50",
    ),
    Rule(
        name="a stop takes its share of the volume first, the target what is left of it",
        settings={"participation": Decimal("0.1")},
        bars="""
            09:30 100 101 99 100 ?
            09:31 100 106 94 100 80
        """,
        steps="""
            start   1: BUY 10                        | 09:30 1 WORKING
                                                     | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE 4 LIMIT 105     | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE 6 STOP 95       | 09:31 3 WORKING
                                                     | 09:32 3 FILLED 6 @ 95
                                                     | 09:32 2 WORKING 2 @ 105
        """,
    ),
    Rule(
        name="futures: a long's target and stop in one bar, and a short's",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5012 4988 5000
            ESH4 09:32 5000 5001 4999 5000
            ESH4 09:33 5000 5012 4988 5000
        """,
        steps="""
            start   1: BUY 2 on ESH4                             | 09:30 1 WORKING
                                                                 | 09:30 1 FILLED 2 @ 5000
            09:31   2: SELL_TO_CLOSE LIMIT 5010 on ESH4          | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 4990 on ESH4           | 09:31 3 WORKING
                                                                 | 09:32 3 FILLED 2 @ 4990
                                                                 | 09:32 2 CANCELLED
            09:32   4: SELL 1 on ESH4                            | 09:32 4 WORKING
                                                                 | 09:32 4 FILLED 1 @ 5000
            09:33   5: CLOSE LIMIT 4990 on ESH4                  | 09:33 5 WORKING
            09:33   6: CLOSE STOP 5010 LIMIT 5010.50 on ESH4     | 09:33 6 WORKING
                                                                 | 09:34 6 FILLED 1 @ 5010
                                                                 | 09:34 5 CANCELLED
        """,
    ),
]
