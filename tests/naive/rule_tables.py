"""All rules as tables; see `tests.naive.rules.script` for how to read one."""

from tests.naive.rules.accounts import ACCOUNTS
from tests.naive.rules.admission import ADMISSION
from tests.naive.rules.auctions import AUCTIONS
from tests.naive.rules.brokers import BROKERS
from tests.naive.rules.costs import COSTS
from tests.naive.rules.dividends import DELISTINGS, DIVIDENDS
from tests.naive.rules.futures import FUTURES
from tests.naive.rules.intents import INTENTS
from tests.naive.rules.latency import LATENCY
from tests.naive.rules.margins import MARGINS
from tests.naive.rules.moments import MOMENTS
from tests.naive.rules.money import MONEY
from tests.naive.rules.order_types import ORDER_TYPES
from tests.naive.rules.paths import PATHS
from tests.naive.rules.quotes import QUOTES
from tests.naive.rules.script import Rule
from tests.naive.rules.splits import SPLITS
from tests.naive.rules.stop_limits import STOP_LIMITS
from tests.naive.rules.streams import STREAMS
from tests.naive.rules.time_in_force import TIME_IN_FORCE
from tests.naive.rules.volume import VOLUME

RULES: list[Rule] = [
    *ADMISSION,
    *ORDER_TYPES,
    *STOP_LIMITS,
    *TIME_IN_FORCE,
    *AUCTIONS,
    *LATENCY,
    *QUOTES,
    *PATHS,
    *INTENTS,
    *FUTURES,
    *MARGINS,
    *MOMENTS,
    *VOLUME,
    *MONEY,
    *ACCOUNTS,
    *COSTS,
    *BROKERS,
    *STREAMS,
    *SPLITS,
    *DIVIDENDS,
    *DELISTINGS,
]
