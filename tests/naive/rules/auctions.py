"""Opening and closing auctions: OPG, ATC, GTX, and the days on which they are at another hour (rule 18)."""

from datetime import date
from decimal import Decimal

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.settings import AccountName, FillModelName, LimitFill
from tests.naive.rules.script import Rule, at

TENTH = {"participation": Decimal("0.1")}
INDEPENDENCE = date(2024, 7, 1)
"""Wednesday, 3 July closes at 13:00, Thursday is a holiday."""
CLOCKS_BACK = date(2024, 10, 28)
"""Clocks in New York go back in the night to Sunday, 3 November."""
CLOCKS_FORWARD = date(2024, 3, 4)
"""Clocks go forward in the night to Sunday, 10 March."""

AUCTIONS = [
    Rule(
        name="OPG: the opening price of the next session that opens, and nothing of the present one",
        bars="""
            09:30     100 101 99 100
            09:31     100 101 99 100
            Tue 09:30 102 103 101 102
        """,
        steps="""
            09:31   1: BUY 10 OPG              | 09:31 1 WORKING
                                               | Tue 09:30 1 FILLED 10 @ 102
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="OPG placed at the very moment at which the session opens takes part",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10 OPG              | 09:30 1 WORKING
                                               | 09:30 1 FILLED 10 @ 100
        """,
    ),
    Rule(
        name="OPG LIMIT: takes part if the open is better than its limit, else it expires at the open",
        bars="""
            09:30     100 101 99 100
            Tue 09:30  98 99  90 95
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 99 OPG     | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 98 OPG     | 09:31 2 WORKING
            09:31   3: BUY 10 LIMIT 97 OPG     | 09:31 3 WORKING
                                               | Tue 09:30 1 FILLED 10 @ 98
                                               | Tue 09:30 2 EXPIRED
                                               | Tue 09:30 3 EXPIRED
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="touch: an opening price at the limit is enough",
        settings={"limit_fill": LimitFill.TOUCH},
        bars="""
            09:30     100 101 99 100
            Tue 09:30  98 99  90 95
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 98 OPG     | 09:31 1 WORKING
                                               | Tue 09:30 1 FILLED 10 @ 98
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="OPG: the first trade of the session is its opening price, however late",
        bars="""
            09:30     100 101 99 100
            Tue 11:17 103 104 102 103
        """,
        steps="""
            09:31   1: BUY 10 OPG              | 09:31 1 WORKING
                                               | Tue 11:17 1 FILLED 10 @ 103
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="OPG: a session without a trade has no opening price, and ends the order",
        bars="""
            09:30     100 101 99 100
            Wed 09:30 103 104 102 103
        """,
        steps="""
            09:31   1: BUY 10 OPG              | 09:31 1 WORKING
                                               | Tue 16:00 1 EXPIRED
        """,
        end="Wed 16:00",
    ),
    Rule(
        name="OPG: what the volume leaves over expires at once",
        settings=TENTH,
        bars="""
            09:30     100 101 99 100 60
            Tue 09:30 102 103 101 102 60
        """,
        steps="""
            09:31   1: BUY 10 OPG              | 09:31 1 WORKING
                                               | Tue 09:30 1 WORKING 6 @ 102
                                               | Tue 09:30 1 EXPIRED 6
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="OPG of a future: its session opens in the evening",
        bars="""
            ESH4 16:59 5000 5001 4999 5000
            ESH4 18:00 5010 5011 5009 5010
        """,
        steps="""
            17:00   1: BUY 1 OPG on ESH4       | 17:00 1 WORKING
                                               | 18:00 1 FILLED 1 @ 5010
        """,
        end="19:00",
    ),
    Rule(
        name="ATC: the closing price of the session, known at the close",
        bars="""
            09:30 100 101 99 100
            15:58 104 105 103 104
            15:59 105 107 104 106
        """,
        steps="""
            09:31   1: BUY 10 ATC              | 09:31 1 WORKING
                                               | 16:00 1 FILLED 10 @ 106
        """,
    ),
    Rule(
        name="ATC: the last trade is the closing price also where it was some minutes before the close",
        bars="""
            09:30 100 101 99 100
            15:40 104 105 103 104
        """,
        steps="""
            09:31   1: BUY 10 ATC              | 09:31 1 WORKING
                                               | 16:00 1 FILLED 10 @ 104
        """,
    ),
    Rule(
        name="ATC: a price from before the order is not for it",
        bars="""
            09:30 100 101 99 100
            15:40 104 105 103 104
        """,
        steps="""
            15:41   1: BUY 10 ATC              | 15:41 1 WORKING
                                               | 16:00 1 EXPIRED
        """,
    ),
    Rule(
        name="ATC LIMIT: takes part if the closing price is better than its limit, else it expires at the close",
        bars="""
            09:30 100 101 99 100
            15:59 100 107 90 99
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 100 ATC    | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 99 ATC     | 09:31 2 WORKING
            09:31   3: BUY 10 LIMIT 95 ATC     | 09:31 3 WORKING
                                               | 16:00 1 FILLED 10 @ 99
                                               | 16:00 2 EXPIRED
                                               | 16:00 3 EXPIRED
        """,
    ),
    Rule(
        name="ATC placed at the close is for the next one",
        bars="""
            15:59     100 101 99 100
            Tue 15:59 105 106 104 105
        """,
        steps="""
            16:00   1: BUY 10 ATC              | 16:00 1 WORKING
                                               | Tue 16:00 1 FILLED 10 @ 105
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="ATC on a day that closes early: at 13:00",
        monday=INDEPENDENCE,
        settings={"start": at("Wed 09:30", INDEPENDENCE)},
        bars="""
            Wed 09:30 100 101 99 100
            Wed 12:59 104 105 103 104
        """,
        steps="""
            Wed 09:31   1: BUY 10 ATC          | Wed 09:31 1 WORKING
                                               | Wed 13:00 1 FILLED 10 @ 104
        """,
        end="Fri 16:00",
    ),
    Rule(
        name="DAY on a day that closes early ends at 13:00; one placed then at the close after the holiday",
        monday=INDEPENDENCE,
        settings={"start": at("Wed 09:30", INDEPENDENCE)},
        bars="Wed 09:30 100 101 99 100",
        steps="""
            Wed 09:31   1: BUY 10 LIMIT 90 DAY     | Wed 09:31 1 WORKING
                                                   | Wed 13:00 1 EXPIRED
            1 EXPIRED   2: BUY 10 LIMIT 90 DAY     | Wed 13:00 2 WORKING
                                                   | Fri 16:00 2 EXPIRED
        """,
        end="Fri 17:00",
    ),
    Rule(
        name="extended hours: ATC is at the regular close and OPG at the regular open; DAY lasts to the evening",
        settings={"extended_hours": True, "start": at("08:00")},
        bars="""
            08:00     100 101 99  100
            09:30     102 103 101 102
            15:59     105 106 104 105
            19:59     108 109 107 108
        """,
        steps="""
            start   1: BUY 10 OPG              | 08:00 1 WORKING
            start   2: BUY 10 ATC              | 08:00 2 WORKING
            start   3: BUY 10 LIMIT 90 DAY     | 08:00 3 WORKING
                                               | 09:30 1 FILLED 10 @ 102
                                               | 16:00 2 FILLED 10 @ 105
                                               | 20:00 3 EXPIRED
        """,
        end="20:00",
    ),
    Rule(
        name="on a day's bar OPG fills at the open and ATC at the close",
        settings={"execution_span": BarTimeSpan.DAY},
        bars="""
            day 09:30     100 107 99 105
            day Tue 09:30 110 117 109 115
        """,
        steps="""
            16:00   1: BUY 10 OPG              | 16:00 1 WORKING
            16:00   2: BUY 10 ATC              | 16:00 2 WORKING
            16:00   3: BUY 10 LIMIT 112 GTX    | 16:00 3 WORKING
            16:00   4: BUY 10 LIMIT 110 GTX    | 16:00 4 WORKING
                                               | Tue 09:30 1 FILLED 10 @ 110
                                               | Tue 09:30 3 FILLED 10 @ 110
                                               | Tue 16:00 2 FILLED 10 @ 115
                                               | Tue 16:00 4 EXPIRED
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="GTX: through continuous trading; of the bar that ends at the close it meets only the open",
        bars="""
            15:57 100 101 99 100
            15:58 100 101 96 100
            15:59  98 101 90 95
        """,
        steps="""
            15:58   1: BUY 10 LIMIT 97 GTX     | 15:58 1 WORKING
            15:58   2: BUY 10 LIMIT 99 GTX     | 15:58 2 WORKING
            15:58   3: BUY 10 LIMIT 95 GTX     | 15:58 3 WORKING
                                               | 15:59 1 FILLED 10 @ 97
                                               | 15:59 2 FILLED 10 @ 99
                                               | 16:00 3 EXPIRED
        """,
    ),
    Rule(
        name="GTX: the open of the last bar is continuous trading; a stop inside that bar is not triggered",
        bars="""
            15:58 100 101  99 100
            15:59  98 110  97 105
        """,
        steps="""
            15:59   1: BUY 10 LIMIT 99 GTX     | 15:59 1 WORKING
            15:59   2: BUY 10 STOP 104 GTX     | 15:59 2 WORKING
                                               | 15:59 1 FILLED 10 @ 98
                                               | 16:00 2 EXPIRED
        """,
    ),
    Rule(
        name="GTX placed after the close lives until the next closing auction",
        bars="""
            15:59     100 101 99 100
            Tue 09:30  96  97 90 95
        """,
        steps="""
            16:00   1: BUY 10 LIMIT 95.50 GTX  | 16:00 1 WORKING
            16:00   2: BUY 10 LIMIT 80 GTX     | 16:00 2 WORKING
                                               | Tue 09:31 1 FILLED 10 @ 95.5
                                               | Tue 16:00 2 EXPIRED
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="current close: OPG and ATC wait for their auction, and GTX does not take a closing price",
        settings={"fill_model": FillModelName.CURRENT_CLOSE},
        bars="""
            15:58     100 101 99 100
            15:59     100 101 99 100.50
            Tue 09:30 104 105 103 104
        """,
        steps="""
            15:59   1: BUY 10 GTX              | 15:59 1 WORKING
                                               | 15:59 1 FILLED 10 @ 100
            16:00   2: BUY 10 GTX              | 16:00 2 WORKING
            16:00   3: BUY 10 OPG              | 16:00 3 WORKING
            16:00   4: BUY 10 ATC              | 16:00 4 WORKING
                                               | Tue 09:30 2 FILLED 10 @ 104
                                               | Tue 09:30 3 FILLED 10 @ 104
                                               | Tue 16:00 4 FILLED 10 @ 104
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="daylight saving ends: a future's session opens at 18:00 of the new time",
        monday=CLOCKS_BACK,
        settings={"start": at("Fri 16:00", CLOCKS_BACK)},
        bars="""
            ESH4 Fri 16:59 5000 5001 4999 5000
            ESH4 Sun 18:00 5010 5011 5009 5010
        """,
        steps="""
            Fri 17:00   1: BUY 1 OPG on ESH4   | Fri 17:00 1 WORKING
                                               | Sun 18:00 1 FILLED 1 @ 5010
        """,
        end="Sun 19:00",
    ),
    Rule(
        name="daylight saving begins: DAY placed on Friday evening ends on Monday at 16:00 of the new time",
        monday=CLOCKS_FORWARD,
        settings={"start": at("Fri 15:00", CLOCKS_FORWARD)},
        bars="""
            Fri 15:59 100 101 99 100
            Next 15:58 100 101 99 100
        """,
        steps="""
            Fri 16:00   1: BUY 10 LIMIT 90 DAY     | Fri 16:00 1 WORKING
            Fri 16:00   2: BUY 10 ATC              | Fri 16:00 2 WORKING
                                                   | Next 16:00 2 FILLED 10 @ 100
                                                   | Next 16:00 1 EXPIRED
        """,
        end="Next 17:00",
    ),
    Rule(
        name="a stop in the last bar comes before the closing auction, which then opens the other side",
        settings={"account": AccountName.MARGIN},
        bars="""
            09:30 100 101 99 100
            15:59 100 100.50 94 96
        """,
        steps="""
            start   1: BUY 10                      | 09:30 1 WORKING
                                                   | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL 10 ATC                 | 09:31 2 WORKING
            09:31   3: SELL 10 STOP 95             | 09:31 3 WORKING
                                                   | 16:00 3 FILLED 10 @ 95
                                                   | 16:00 2 FILLED 10 @ 96
        """,
        positions="AAA -10 @ 96 realised -50",
    ),
    Rule(
        name="a close order in the closing auction that finds no position is cancelled",
        bars="""
            09:30 100 101 99 100
            15:59 100 100.50 94 96
        """,
        steps="""
            start   1: BUY 10                      | 09:30 1 WORKING
                                                   | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL_TO_CLOSE ATC           | 09:31 2 WORKING
            09:31   3: SELL_TO_CLOSE STOP 95       | 09:31 3 WORKING
                                                   | 16:00 3 FILLED 10 @ 95
                                                   | 16:00 2 CANCELLED
        """,
        positions="AAA 0 realised -50",
    ),
]
