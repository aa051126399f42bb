"""What the five intents may do to a position (rule 16)."""

from decimal import Decimal

from tests.naive.rules.script import Rule

INTENTS = [
    Rule(
        name="close intents without a position of their side are refused",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: CLOSE               | 09:30 1 REJECTED NO_POSITION_TO_CLOSE
            start   2: SELL_TO_CLOSE 5     | 09:30 2 REJECTED NO_POSITION_TO_CLOSE
            start   3: BUY 10              | 09:30 3 WORKING
                                           | 09:30 3 FILLED 10 @ 100
            09:31   4: BUY_TO_CLOSE 5      | 09:31 4 REJECTED NO_POSITION_TO_CLOSE
        """,
    ),
    Rule(
        name="a close without a quantity closes everything",
        bars="""
            09:30 100 101 99 100
            09:31 103 104 102 103
        """,
        steps="""
            start   1: BUY 10              | 09:30 1 WORKING
                                           | 09:30 1 FILLED 10 @ 100
            09:31   2: CLOSE               | 09:31 2 WORKING
                                           | 09:31 2 FILLED 10 @ 103
        """,
        cash="1000030",
        positions="AAA 0 realised 30",
    ),
    Rule(
        name="a close of more than the position is cut to it",
        bars="""
            09:30 100 101 99 100
            09:31 103 104 102 103
        """,
        steps="""
            start   1: BUY 10              | 09:30 1 WORKING
                                           | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE 25    | 09:31 2 WORKING
                                           | 09:31 2 FILLED 10 @ 103
        """,
    ),
    Rule(
        name="a short future is bought to close, and CLOSE knows the side",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 4990 4991 4989 4990
            ESH4 09:32 4980 4981 4979 4980
        """,
        steps="""
            start   1: SELL 3 on ESH4            | 09:30 1 WORKING
                                                 | 09:30 1 FILLED 3 @ 5000
            09:31   2: SELL_TO_CLOSE 1 on ESH4   | 09:31 2 REJECTED NO_POSITION_TO_CLOSE
            09:31   3: BUY_TO_CLOSE 1 on ESH4    | 09:31 3 WORKING
                                                 | 09:31 3 FILLED 1 @ 4990
            09:32   4: CLOSE on ESH4             | 09:32 4 WORKING
                                                 | 09:32 4 FILLED 2 @ 4980
        """,
        cash="1002500",
        positions="ESH4 0 realised 2500",
    ),
    Rule(
        name="of several resting close orders the rest is cancelled the moment the position is flat",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 97.9 98
        """,
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
                                                | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105  | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 98    | 09:31 3 WORKING
                                                | 09:32 3 FILLED 10 @ 98
                                                | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a target and a stop in one bar: the stop is taken, the target is cancelled",
        bars="""
            09:30 100 101 99 100
            09:31 100 106 97 100
        """,
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
                                                | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105  | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 98    | 09:31 3 WORKING
                                                | 09:32 3 FILLED 10 @ 98
                                                | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a close order is cut to what others have left of the position",
        bars="""
            09:30 100 101   99 100
            09:31 100 105.5 99 100
            09:32 100 106.5 99 100
        """,
        steps="""
            start   1: BUY 10                     | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE 7 LIMIT 105  | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE LIMIT 106    | 09:31 3 WORKING
                                                  | 09:32 2 FILLED 7 @ 105
                                                  | 09:33 3 FILLED 3 @ 106
        """,
    ),
    Rule(
        name="a plain order may flip a future; resting close orders are cancelled by the flip",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5010 5011 5009 5010
        """,
        steps="""
            start   1: BUY 2 on ESH4                     | 09:30 1 WORKING
                                                         | 09:30 1 FILLED 2 @ 5000
            09:31   2: SELL_TO_CLOSE LIMIT 5100 on ESH4  | 09:31 2 WORKING
            09:31   3: SELL 5 on ESH4                    | 09:31 3 WORKING
                                                         | 09:31 3 FILLED 5 @ 5010
                                                         | 09:31 2 CANCELLED
        """,
        cash="1001000",
        positions="ESH4 -3 @ 5010 realised 1000",
    ),
    Rule(
        name="shares cannot be sold short in a cash account, and what is promised to one sale is not there for another",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: SELL 1                   | 09:30 1 REJECTED SHORT_NOT_ALLOWED
            start   2: BUY 10                   | 09:30 2 WORKING
                                                | 09:30 2 FILLED 10 @ 100
            09:31   3: SELL 8 LIMIT 110         | 09:31 3 WORKING
            09:31   4: SELL 3 LIMIT 110         | 09:31 4 REJECTED SHORT_NOT_ALLOWED
            09:31   5: SELL 2 LIMIT 110         | 09:31 5 WORKING
            09:31   6: SELL_TO_CLOSE LIMIT 120  | 09:31 6 WORKING
        """,
    ),
    Rule(
        name="a plain sale whose shares were closed meanwhile is refused at its fill",
        bars="""
            09:30 100 101   99 100
            09:31 100 105.5 99 100
            09:32 100 110.5 99 100
        """,
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
                                                | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105  | 09:31 2 WORKING
            09:31   3: SELL 10 LIMIT 110        | 09:31 3 WORKING
                                                | 09:32 2 FILLED 10 @ 105
                                                | 09:33 3 REJECTED SHORT_NOT_ALLOWED
        """,
    ),
    Rule(
        name="a partly filled close order is cancelled when another order closes the rest",
        settings={"participation": Decimal("0.1")},
        bars="""
            09:30 100 101 99 100 ?
            09:31 100 105.5 99 100 40
            09:32 100 101 98 98.5 1000
        """,
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
                                                | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE LIMIT 105  | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 98    | 09:31 3 WORKING
                                                | 09:32 2 WORKING 4 @ 105
                                                | 09:33 3 FILLED 6 @ 98
                                                | 09:33 2 CANCELLED 4
        """,
    ),
]
