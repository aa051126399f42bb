"""The closed vocabularies of the protocol.

All are string enums. A member's value is its name, except for the two time spans, whose values are lower-case as they
stand in a `config_schema.json`; both forms are accepted wherever a user writes one (`BarTimeSpan("MINUTE")` works).
"""

from enum import StrEnum


class AssetType(StrEnum):
    """What kind of security a symbol names."""

    OPTION = "OPTION"
    EQUITY = "EQUITY"
    INDEX = "INDEX"
    FUTURE = "FUTURE"
    ETF = "ETF"
    WARRANT = "WARRANT"
    PREFERRED = "PREFERRED"
    RIGHT = "RIGHT"
    UNIT = "UNIT"


class Direction(StrEnum):
    """The side of a position."""

    LONG = "LONG"
    SHORT = "SHORT"


class _EitherCase(StrEnum):
    """A string enum with lower-case values that also accepts a member's name in any case."""

    @classmethod
    def _missing_(cls, value: object) -> "_EitherCase | None":
        if isinstance(value, str):
            return cls.__members__.get(value.upper())
        return None


class BarTimeSpan(_EitherCase):
    """How much time one bar covers."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class QuoteTimeSpan(_EitherCase):
    """How much time one quote covers; STREAM is every change. Quotes are currently disabled."""

    STREAM = "stream"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class OrderType(StrEnum):
    """How an order meets the market."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"


class OrderIntent(StrEnum):
    """What an order is meant to do to the position. Prefer the explicit close intents over CLOSE."""

    BUY = "BUY"
    SELL = "SELL"
    CLOSE = "CLOSE"
    BUY_TO_CLOSE = "BUY_TO_CLOSE"
    SELL_TO_CLOSE = "SELL_TO_CLOSE"


class TimeInForce(StrEnum):
    """How long an order stays in force."""

    DAY = "DAY"
    GTC = "GTC"
    OPG = "OPG"
    ATC = "ATC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    GTX = "GTX"


class OrderState(StrEnum):
    """Where an order stands. WORKING may repeat; each of the others is final."""

    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class EventType(StrEnum):
    """Which event a wire document holds."""

    BAR = "BAR"
    QUOTE = "QUOTE"
    TIMER = "TIMER"
    EXPIRATION = "EXPIRATION"
    ORDER_UPDATE = "ORDER_UPDATE"


class ActionType(StrEnum):
    """Which action a wire document holds."""

    PLACE_ORDER = "PLACE_ORDER"
    CANCEL_LIMITS = "CANCEL_LIMITS"
    REGISTER_SECURITY = "REGISTER_SECURITY"
    REGISTER_TIME_STEP = "REGISTER_TIME_STEP"
    UNREGISTER_BAR = "UNREGISTER_BAR"
    UNREGISTER_QUOTE = "UNREGISTER_QUOTE"
    INSERT_CASH = "INSERT_CASH"
    WITHDRAW_CASH = "WITHDRAW_CASH"
