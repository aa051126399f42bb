"""How long orders stay in force (rule 18)."""

from datetime import date
from decimal import Decimal

from periscope.engine.settings import FillModelName
from tests.naive.rules.script import Rule, at

TENTH = {"participation": Decimal("0.1")}
INDEPENDENCE = date(2024, 7, 1)
"""Wednesday, 3 July closes at 13:00, Thursday is a holiday."""

TIME_IN_FORCE = [
    Rule(
        name="DAY expires at the close of the session",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10 LIMIT 90 DAY     | 09:30 1 WORKING
                                               | 16:00 1 EXPIRED
        """,
    ),
    Rule(
        name="no time in force means GTC, which outlives the session",
        bars="""
            09:30 100 101 99 100
            Tue 09:30 89 90 88 89
        """,
        steps="""
            start   1: BUY 10 LIMIT 90         | 09:30 1 WORKING
            start   2: BUY 10 LIMIT 80 GTC     | 09:30 2 WORKING
                                               | Tue 09:30 1 FILLED 10 @ 89
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="DAY placed after the close lasts until the next close",
        bars="""
            09:30 100 101 99 100
            Tue 09:30 100 101 99 100
        """,
        steps="""
            start   timer 28800                | 17:30 timer
            timer   1: BUY 10 LIMIT 90 DAY     | 17:30 1 WORKING
                                               | Tue 01:30 timer
                                               | Tue 09:30 timer
                                               | Tue 16:00 1 EXPIRED
        """,
        end="Tue 16:30",
    ),
    Rule(
        name="DAY of a future lasts until its own session closes, an hour after the shares'",
        bars="""
            09:30 100 101 99 100
            ESH4 09:30 5000 5001 4999 5000
        """,
        steps="""
            start   1: BUY 1 LIMIT 4000 DAY on ESH4  | 09:30 1 WORKING
            start   2: BUY 1 LIMIT 90 DAY            | 09:30 2 WORKING
                                                     | 16:00 2 EXPIRED
                                                     | 17:00 1 EXPIRED
        """,
        end="17:00",
    ),
    Rule(
        name="a fill at the closing instant precedes the expiry",
        bars="15:59 100 101 94 95",
        steps="""
            start   1: BUY 10 LIMIT 95 DAY     | 09:30 1 WORKING
            start   2: BUY 10 LIMIT 90 DAY     | 09:30 2 WORKING
                                               | 16:00 1 FILLED 10 @ 95
                                               | 16:00 2 EXPIRED
        """,
    ),
    Rule(
        name="several expiries are told by placement, before the bar that ends then",
        bars="15:59 100 101 99 100",
        steps="""
            start   1: BUY 10 STOP 200 DAY     | 09:30 1 WORKING
            start   2: BUY 10 LIMIT 90 DAY     | 09:30 2 WORKING
                                               | 16:00 1 EXPIRED
                                               | 16:00 2 EXPIRED
                                               | 16:00 bar AAA 15:59
        """,
    ),
    Rule(
        name="IOC: a limit that the first open does not meet is cancelled then, whatever the bar does later",
        bars="""
            09:30 100 101 99 100
            09:45 100 101 90 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99 IOC     | 09:31 1 WORKING
                                               | 09:45 1 CANCELLED
        """,
    ),
    Rule(
        name="IOC: a limit that the first open meets fills",
        bars="""
            09:30 100 101 99 100
            09:31  98 101 97 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99 IOC     | 09:31 1 WORKING
                                               | 09:31 1 FILLED 10 @ 98
        """,
    ),
    Rule(
        name="IOC: what the first price offers, the rest is cancelled; two updates",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 60
            09:31 100 101 99 100 60
        """,
        steps="""
            09:31   1: BUY 10 IOC              | 09:31 1 WORKING
                                               | 09:31 1 WORKING 6 @ 100
                                               | 09:31 1 CANCELLED 6
        """,
        positions="AAA 6 @ 100 realised 0",
    ),
    Rule(
        name="FOK: all at the first price",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 100
            09:31 100 101 99 100 60
        """,
        steps="""
            09:31   1: BUY 10 FOK              | 09:31 1 WORKING
                                               | 09:31 1 FILLED 10 @ 100
        """,
    ),
    Rule(
        name="FOK: or nothing",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 99
            09:31 100 101 99 100 1000
        """,
        steps="""
            09:31   1: BUY 10 FOK              | 09:31 1 WORKING
                                               | 09:31 1 CANCELLED
        """,
    ),
    Rule(
        name="IOC where there is no volume is cancelled",
        settings=TENTH,
        bars="""
            09:30 100 101 99 100 0
            09:31 100 101 99 100
        """,
        steps="""
            09:31   1: BUY 10 IOC              | 09:31 1 WORKING
                                               | 09:31 1 CANCELLED
        """,
    ),
    Rule(
        name="current close: for IOC and FOK the close of the bar that just ended is the first price",
        settings=TENTH | {"fill_model": FillModelName.CURRENT_CLOSE},
        bars="""
            09:30 100 101 99 100.50 60
            09:31 102 103 101 102 60
        """,
        steps="""
            09:31   1: BUY 10 FOK              | 09:31 1 WORKING
            09:31   2: BUY 10 IOC              | 09:31 2 WORKING
                                               | 09:31 1 CANCELLED
                                               | 09:31 2 WORKING 6 @ 100.5
                                               | 09:31 2 CANCELLED 6
        """,
    ),
    Rule(
        name="MARKET and LIMIT take every time in force, STOP and STOP_LIMIT none that one price decides",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 1 STOP 101 IOC             | 09:30 1 REJECTED TIME_IN_FORCE_NOT_ALLOWED
            start   2: BUY 1 STOP 101 LIMIT 102 FOK   | 09:30 2 REJECTED TIME_IN_FORCE_NOT_ALLOWED
            start   3: BUY 1 STOP 101 OPG             | 09:30 3 REJECTED TIME_IN_FORCE_NOT_ALLOWED
            start   4: BUY 1 STOP 101 LIMIT 102 ATC   | 09:30 4 REJECTED TIME_IN_FORCE_NOT_ALLOWED
            start   5: BUY 1 STOP 201 LIMIT 202 DAY   | 09:30 5 WORKING
            start   6: BUY 1 STOP 201 GTX             | 09:30 6 WORKING
            start   7: BUY 1 LIMIT 9 GTX              | 09:30 7 WORKING
            start   8: BUY 1 LIMIT 9 OPG              | 09:30 8 WORKING
            start   9: BUY 1 LIMIT 9 ATC              | 09:30 9 WORKING
            start   10: BUY 1 GTX                     | 09:30 10 WORKING
            start   11: BUY 1 ATC                     | 09:30 11 WORKING
            start   12: BUY 1 OPG                     | 09:30 12 WORKING
                                                      | 09:30 8 EXPIRED
                                                      | 09:30 10 FILLED 1 @ 100
                                                      | 09:30 12 FILLED 1 @ 100
                                                      | 16:00 11 FILLED 1 @ 100
                                                      | 16:00 5 EXPIRED
                                                      | 16:00 6 EXPIRED
                                                      | 16:00 7 EXPIRED
                                                      | 16:00 9 EXPIRED
        """,
    ),
    Rule(
        name="IOC and FOK while the market is closed: the first price is the next session's opening price",
        bars="""
            15:59     100 101 99 100
            Tue 09:30  98  99 90  95
        """,
        steps="""
            16:00   1: BUY 10 LIMIT 99 IOC       | 16:00 1 WORKING
            16:00   2: BUY 10 LIMIT 97 IOC       | 16:00 2 WORKING
            16:00   3: BUY 10 FOK                | 16:00 3 WORKING
                                                 | Tue 09:30 1 FILLED 10 @ 98
                                                 | Tue 09:30 2 CANCELLED
                                                 | Tue 09:30 3 FILLED 10 @ 98
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="a stop of the DAY and a GTX limit on a day that closes early: both end at 13:00, GTC goes on",
        monday=INDEPENDENCE,
        settings={"start": at("Wed 09:30", INDEPENDENCE)},
        bars="""
            Wed 09:30 100 101 99 100
            Wed 12:59 100 101 97 100
            Fri 09:30 104 108 95 105
        """,
        steps="""
            Wed 09:31   1: BUY 1 STOP 105 DAY        | Wed 09:31 1 WORKING
            Wed 09:31   2: BUY 1 LIMIT 98 GTX        | Wed 09:31 2 WORKING
            Wed 09:31   3: BUY 1 LIMIT 98 DAY        | Wed 09:31 3 WORKING
            Wed 09:31   4: BUY 1 LIMIT 96 GTC        | Wed 09:31 4 WORKING
                                                     | Wed 13:00 3 FILLED 1 @ 98
                                                     | Wed 13:00 1 EXPIRED
                                                     | Wed 13:00 2 EXPIRED
                                                     | Fri 09:31 4 FILLED 1 @ 96
        """,
        end="Fri 16:00",
    ),
    Rule(
        name="a stop limit of the DAY that was touched and not filled expires as one that was not",
        bars="""
            09:30 100 101 99 100
            09:31 100 106 99 105
        """,
        steps="""
            09:31   1: BUY 1 STOP 104 LIMIT 103 DAY  | 09:31 1 WORKING
            09:31   2: BUY 1 STOP 109 LIMIT 110 DAY  | 09:31 2 WORKING
                                                     | 16:00 1 EXPIRED
                                                     | 16:00 2 EXPIRED
        """,
    ),
]
