"""In which order things happen and are told at one instant (rules 5, 14, 20; section 2 of the protocol)."""

from tests.naive.rules.script import Rule

MOMENTS = [
    Rule(
        name="first updates come in the order of the actions, before any fill",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10              | 09:30 1 WORKING
            start   2: BUY                 | 09:30 2 REJECTED QUANTITY_MISSING
            start   3: BUY 5               | 09:30 3 WORKING
                                           | 09:30 1 FILLED 10 @ 100
                                           | 09:30 3 FILLED 5 @ 100
        """,
    ),
    Rule(
        name="first updates come before what else the same reply caused",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 10 LIMIT 90     | 09:30 1 WORKING
            09:31   cancel limits          | 09:31 2 WORKING
            09:31   2: BUY 10 LIMIT 91     | 09:31 1 CANCELLED
        """,
    ),
    Rule(
        name="an order placed in answer to a fill at the open meets that same open",
        bars="""
            09:30 100 101 99 100
            09:31 102 103 101 102
        """,
        steps="""
            09:31     1: BUY 10            | 09:31 1 WORKING
            1 FILLED  2: BUY 5             | 09:31 1 FILLED 10 @ 102
                                           | 09:31 2 WORKING
                                           | 09:31 2 FILLED 5 @ 102
        """,
    ),
    Rule(
        name="fills inside one bar are booked together: a cancel in answer to the first cannot undo the second",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 95 100
        """,
        steps="""
            start     1: BUY 10 LIMIT 98   | 09:30 1 WORKING
            start     2: BUY 10 LIMIT 97   | 09:30 2 WORKING
            start     3: BUY 10 LIMIT 94   | 09:30 3 WORKING
            1 FILLED  cancel limits        | 09:32 1 FILLED 10 @ 98
            1 FILLED  look                 | 09:32 2 FILLED 10 @ 97
                                           | 09:32 3 CANCELLED
        """,
        sees="09:32 AAA LONG 20 97.5",
    ),
    Rule(
        name="all updates of a moment are told before the first update of an order placed in answer to one of them",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 95 100
        """,
        steps="""
            start     1: BUY 10 LIMIT 98   | 09:30 1 WORKING
            start     2: BUY 10 LIMIT 97   | 09:30 2 WORKING
            1 FILLED  3: BUY 10 LIMIT 90   | 09:32 1 FILLED 10 @ 98
                                           | 09:32 2 FILLED 10 @ 97
                                           | 09:32 3 WORKING
        """,
    ),
    Rule(
        name="a cancel in answer to a fill at an open stops a later order from filling at that open",
        bars="""
            09:30 100 101 99 100
            09:31  90  91 89  90
        """,
        steps="""
            start     1: BUY 10 LIMIT 98   | 09:30 1 WORKING
            start     2: BUY 10 LIMIT 97   | 09:30 2 WORKING
            1 FILLED  cancel limits        | 09:31 1 FILLED 10 @ 90
                                           | 09:31 2 CANCELLED
        """,
    ),
    Rule(
        name="inside one bar stops go before limits, each by placement",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5020 4980 5000
        """,
        steps="""
            start   1: BUY 1 LIMIT 4990 on ESH4    | 09:30 1 WORKING
            start   2: BUY 1 STOP 5010 on ESH4     | 09:30 2 WORKING
            start   3: BUY 1 LIMIT 4985 on ESH4    | 09:30 3 WORKING
            start   4: BUY 1 STOP 5005 on ESH4     | 09:30 4 WORKING
                                                   | 09:32 2 FILLED 1 @ 5010
                                                   | 09:32 4 FILLED 1 @ 5005
                                                   | 09:32 1 FILLED 1 @ 4990
                                                   | 09:32 3 FILLED 1 @ 4985
        """,
    ),
    Rule(
        name="a plain target and a plain stop in one bar: only the stop fills, the target goes on with the next bar",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5030 4970 5000
            ESH4 09:32 5000 5030 4999 5000
        """,
        steps="""
            start     1: BUY 1 on ESH4             | 09:30 1 WORKING
                                                   | 09:30 1 FILLED 1 @ 5000
            09:31     2: SELL 1 LIMIT 5020 on ESH4 | 09:31 2 WORKING
            09:31     3: SELL 1 STOP 4980 on ESH4  | 09:31 3 WORKING
                                                   | 09:32 3 FILLED 1 @ 4980
                                                   | 09:33 2 FILLED 1 @ 5020
        """,
        positions="ESH4 -1 @ 5020 realised -1000",
        cash="999000",
    ),
    Rule(
        name="a target within what the stop leaves of the position fills in the same bar",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5030 4970 5000
        """,
        steps="""
            start     1: BUY 3 on ESH4             | 09:30 1 WORKING
                                                   | 09:30 1 FILLED 3 @ 5000
            09:31     2: SELL 1 LIMIT 5020 on ESH4 | 09:31 2 WORKING
            09:31     3: SELL 2 STOP 4980 on ESH4  | 09:31 3 WORKING
                                                   | 09:32 3 FILLED 2 @ 4980
                                                   | 09:32 2 FILLED 1 @ 5020
        """,
        positions="ESH4 0 realised -1000",
    ),
    Rule(
        name="all fills of a moment are told before what they caused",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5001 4970 4980
            BBB  09:31 100  101    98   99
        """,
        steps="""
            start     1: BUY 1 on ESH4                     | 09:30 1 WORKING
                                                           | 09:30 1 FILLED 1 @ 5000
            09:31     2: SELL_TO_CLOSE LIMIT 5050 on ESH4  | 09:31 2 WORKING
            09:31     3: SELL_TO_CLOSE STOP 4980 on ESH4   | 09:31 3 WORKING
            09:31     4: BUY 10 LIMIT 99 on BBB            | 09:31 4 WORKING
                                                           | 09:32 3 FILLED 1 @ 4980
                                                           | 09:32 4 FILLED 10 @ 99
                                                           | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="at one instant: fills inside bars, bars by span and registration, the timer, opens",
        bars="""
            10:00 100 101 99   100
            10:59 100 101 97.5 100
            11:00 102 103 101  102
            BBB 10:59 50 51 49 50
            AAA hour 10:00 100 102 97.5 100
        """,
        steps="""
            start   timer 5400                | 09:30 1 WORKING
            start   1: BUY 10 LIMIT 98        | 10:01 bar AAA 10:00
                                              | 11:00 1 FILLED 10 @ 98
                                              | 11:00 bar AAA 10:59
                                              | 11:00 bar BBB 10:59
                                              | 11:00 bar AAA 10:00
            timer   2: BUY 1                  | 11:00 timer
                                              | 11:00 2 WORKING
                                              | 11:00 2 FILLED 1 @ 102
                                              | 11:01 bar AAA 11:00
        """,
        end="11:01",
    ),
    Rule(
        name="what a bar's handler causes is told before the other bars of that instant",
        bars="""
            09:30 100 101 99 100
            BBB 09:30 50 51 49 50
        """,
        steps="""
            09:31   1: BUY 1 LIMIT 50 on BBB  | 09:31 bar AAA 09:30
                                              | 09:31 1 WORKING
                                              | 09:31 bar BBB 09:30
        """,
    ),
]
