"""How much of a bar the orders may take (rule 22, `core.participation`)."""

from decimal import Decimal

from periscope.engine.settings import FillModelName
from tests.naive.rules.script import Rule

TENTH = {"participation": Decimal("0.1")}

VOLUME = [
    Rule(
        name="at the open the last complete bar's volume counts; the rest goes on with the next bar",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 60
            09:31 101 102 100 101 49
            09:32 102 103 101 102
        """,
        steps="""
            09:31   1: BUY 20          | 09:31 1 WORKING
                                       | 09:31 1 WORKING 6 @ 101
                                       | 09:32 1 WORKING 10 @ 102
        """,
        positions="AAA 10 @ 101.4 realised 0",
    ),
    Rule(
        name="before the first bar there is no volume to go by, and no cap",
        settings=TENTH,
        bars="09:30 100 101 99 100 10",
        steps="""
            start   1: BUY 500         | 09:30 1 WORKING
                                       | 09:30 1 FILLED 500 @ 100
        """,
    ),
    Rule(
        name="unknown volume is no cap, zero volume is no fill",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 0
            09:31 101 102 100 101 ?
            09:32 102 103 101 102 5
        """,
        steps="""
            09:31   1: BUY 500         | 09:31 1 WORKING
                                       | 09:32 1 FILLED 500 @ 102
        """,
    ),
    Rule(
        name="inside a bar its own volume counts, less what was taken at its open",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 40
            09:31 100 101 97 98  100
        """,
        steps="""
            09:31   1: BUY 4                | 09:31 1 WORKING
            09:31   2: BUY 20 LIMIT 98      | 09:31 2 WORKING
                                            | 09:31 1 FILLED 4 @ 100
                                            | 09:32 2 WORKING 6 @ 98
        """,
    ),
    Rule(
        name="what was taken at the open may leave nothing for the rest of the bar",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 100
            09:31 100 101 97 98  50
            09:32  98  98.5 97.5 98 50
        """,
        steps="""
            09:31   1: BUY 10               | 09:31 1 WORKING
            09:31   2: BUY 20 LIMIT 98      | 09:31 2 WORKING
                                            | 09:31 1 FILLED 10 @ 100
                                            | 09:33 2 WORKING 5 @ 98
        """,
    ),
    Rule(
        name="orders share the volume by placement",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 100
            09:31 100 101 99 100 50
            09:32 101 102 100 101
        """,
        steps="""
            09:31   1: BUY 7                | 09:31 1 WORKING
            09:31   2: BUY 7                | 09:31 2 WORKING
            09:31   3: BUY 7                | 09:31 3 WORKING
                                            | 09:31 1 FILLED 7 @ 100
                                            | 09:31 2 WORKING 3 @ 100
                                            | 09:32 2 FILLED 7 @ 101
                                            | 09:32 3 WORKING 1 @ 101
        """,
    ),
    Rule(
        name="the share is rounded down to the quantity step",
        settings={"participation": Decimal("0.333")},
        bars="""
            09:30 100 101 99 100 10
            09:31 100 101 99 100 2
            09:32 100 101 99 100 2
        """,
        steps="""
            09:31   1: BUY 7                | 09:31 1 WORKING
                                            | 09:31 1 WORKING 3 @ 100
        """,
    ),
    Rule(
        name="a stop that is partly filled goes on as a market order, whatever the price",
        settings=TENTH,
        bars="""
            09:30 100 100.5 99  100 100
            09:31 100 102   99  101 60
            09:32  95  96   94  95  1000
        """,
        steps="""
            09:31   1: BUY 10 STOP 101      | 09:31 1 WORKING
                                            | 09:32 1 WORKING 6 @ 101
                                            | 09:32 1 FILLED 10 @ 95
        """,
    ),
    Rule(
        name="a stop touched in a bar without volume is touched all the same",
        settings=TENTH,
        bars="""
            09:30 100 100.5 99 100 ?
            09:31 100 102   99 101 0
            09:32  95  96   94  95 100
            09:33  94  96   93  95 100
        """,
        steps="""
            09:31   1: BUY 10 STOP 101      | 09:31 1 WORKING
                                            | 09:33 1 FILLED 10 @ 94
        """,
    ),
    Rule(
        name="a limit whose price is met in a bar without volume waits for another bar",
        settings=TENTH,
        bars="""
            09:30 100 100.5 99 100 ?
            09:31 100 101   97  98 0
            09:32  99 101   98.5 98.5 1000
            09:33  99 101   97  98 1000
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 98      | 09:31 1 WORKING
                                            | 09:34 1 FILLED 10 @ 98
        """,
    ),
    Rule(
        name="current close: the closing bar's own volume counts",
        settings=TENTH | {"fill_model": FillModelName.CURRENT_CLOSE},
        bars="""
            09:30 100 101 99 100.50 60
            09:31 102 103 101 102.50 70
        """,
        steps="""
            09:31   1: BUY 10           | 09:31 1 WORKING
                                        | 09:31 1 WORKING 6 @ 100.5
                                        | 09:31 1 FILLED 10 @ 102
        """,
    ),
    Rule(
        name="current close: what is taken of the closing bar and of the bar that starts now is counted apart",
        settings=TENTH | {"fill_model": FillModelName.CURRENT_CLOSE},
        bars="""
            09:30 100 101 99 100.50 100
            09:31 100 101 99 100    100
        """,
        steps="""
            09:31     1: BUY 6             | 09:31 1 WORKING
            09:31     2: BUY 4 LIMIT 101   | 09:31 2 WORKING
            09:31     3: BUY 20 LIMIT 101  | 09:31 3 WORKING
                                           | 09:31 1 FILLED 6 @ 100.5
            2 FILLED  4: BUY 10            | 09:31 2 FILLED 4 @ 100
                                           | 09:31 4 WORKING
                                           | 09:31 4 WORKING 4 @ 100.5
                                           | 09:31 3 WORKING 6 @ 100
        """,
    ),
    Rule(
        name="a close order is cut where it fills, not where it only could have",
        settings=TENTH,
        bars="""
            09:30 100 101   99   100 ?
            09:31 100 101.5 99   100 1000
            09:32 100 100.5 97.5  98 0
            09:33  97 98    96    97 1000
            09:34  98 99    97    98 1000
        """,
        steps="""
            start   1: BUY 5                 | 09:30 1 WORKING
                                             | 09:30 1 FILLED 5 @ 100
            09:31   2: SELL_TO_CLOSE STOP 98 | 09:31 2 WORKING
            09:31   3: SELL 4 LIMIT 101      | 09:31 3 WORKING
                                             | 09:32 3 FILLED 4 @ 101
            09:32   4: BUY 4 LIMIT 97        | 09:32 4 WORKING
                                             | 09:34 4 FILLED 4 @ 97
                                             | 09:34 2 FILLED 5 @ 98
        """,
    ),
    Rule(
        name="a limit that was filled in part is cancelled like any other; what has filled stays",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 60
            09:31 100 101 98 100 60
            09:32 100 101 98 100 60
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 101    | 09:31 1 WORKING
                                           | 09:31 1 WORKING 6 @ 100
            09:32   cancel limits          | 09:32 1 CANCELLED 6
        """,
        positions="AAA 6 @ 100 realised 0",
        net="1 -600",
    ),
]
