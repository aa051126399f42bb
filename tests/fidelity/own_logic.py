"""Which cases run by their own logic here, and with which numbers. No figure and no price of a case is among them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Own:
    """A logic of the bundle `strategies` and its numbers; `start` is where a warm-up begins."""

    logic: str
    numbers: dict[str, str] = field(default_factory=dict)
    start: str | None = None


_HOURS = "10:00 11:00 12:00 13:00 14:00 15:00 16:00"

OWN = {
    "BasicTemplateAlgorithm": Own("buy_and_hold", {"weight": "1"}),
    "BasicTemplateDailyAlgorithm": Own("buy_and_hold", {"weight": "1"}),
    "CustomBenchmarkAlgorithm": Own("buy_and_hold", {"weight": "1"}),
    "LimitFillRegressionAlgorithm": Own(
        "limit_at_close", {"times": _HOURS, "days": "5", "quantity": "10", "turn": "2013-10-09"}
    ),
    "StopLossOnOrderEventRegressionAlgorithm": Own("stop_loss_on_fill", {"quantity": "100", "below": "2", "fee": "1"}),
    "TimeInForceAlgorithm": Own("times_in_force"),
    "SetHoldingsRegressionAlgorithm": Own("in_steps", {"weights": "0.1 0.2 0.3 1"}),
    "NoMinimumOrderMarginRegressionAlgorithm": Own("every_bar", {"weight": "0.25"}),
    "ExtendedMarketTradingRegressionAlgorithm": Own("extended_hours", {"quantity": "10"}),
    "OrderTicketAssignmentDemoAlgorithm": Own("at_moments", {"times": _HOURS, "days": "5", "quantity": "1"}),
    "MarketOrderStaleDataFillRegressionAlgorithm": Own(
        "at_moments", {"times": "09:30:01 12:00", "days": "5", "quantity": "1", "skip": "1"}
    ),
    "ParameterizedAlgorithm": Own("crossing", {"fast": "10", "slow": "20", "band": "0.001"}),
    "NoMarginCallExpectedRegressionAlgorithm": Own(
        "twice_a_day", {"times": "09:31 15:45", "days": "5", "morning": "5", "afternoon": "2", "leverage": "5"}
    ),
    "MACDTrendAlgorithm": Own("macd", {"band": "0.0025"}),
    "DisplacedMovingAverageRibbon": Own("delayed"),
    "StopLimitOrderRegressionAlgorithm": Own(
        "stop_limits", {"fast": "30", "slow": "60", "band": "0.001", "quantity": "100"}
    ),
    "ClassicRenkoConsolidatorAlgorithm": Own("two_renkos", {"brick": "2.5"}),
    "DividendRegressionAlgorithm": Own("buy_and_hold", {"weight": "0.5"}),
    "MarginRemainingRegressionAlgorithm": Own(
        "two_symbols", {"first": "0.7", "second": "0.3", "from": "2009-01-01", "leverage": "1"}
    ),
    "MarketOnOpenOrderRegressionAlgorithm": Own(
        "opening_twice", {"day": "2021-03-02", "times": "00:00", "quantity": "1"}
    ),
    "MarketOnCloseOrderRegressionAlgorithm": Own(
        "at_moments", {"day": "2021-03-02", "times": "12:00", "quantity": "1", "tif": "ATC"}
    ),
    "StopMarketOrderRegressionAlgorithm": Own(
        "stop_below", {"day": "2021-03-01", "times": "12:00", "quantity": "1", "below": "2"}
    ),
    "HourResolutionMarketOrderStalePriceRegressionAlgorithm": Own(
        "at_moments", {"day": "2013-10-08", "times": "10:55", "quantity": "10"}
    ),
    "ZeroedBenchmarkRegressionAlgorithm": Own("buy_and_hold", {"weight": "1"}),
    "HourSplitRegressionAlgorithm": Own("buy_and_hold", {"quantity": "1", "from": "2014-06-09"}),
    "SplitOnTradeBuilderRegressionAlgorithm": Own(
        "sell_after_split", {"day": "2014-06-09", "times": "00:00", "quantity": "100"}
    ),
    "SplitPartialShareRegressionAlgorithm": Own("buy_and_hold", {"quantity": "1"}),
    "EquitySplitHoldingsMinuteRegressionAlgorithm": Own("buy_and_hold", {"weight": "-1"}),
    "SetHoldingsMarketOnOpenRegressionAlgorithm": Own("buy_and_hold", {"weight": "1"}),
    "WarmupIndicatorRegressionAlgorithm": Own(
        "warm_renko", {"brick": "2", "from": "2013-11-01"}, start="2013-10-02T00:00:00-04:00"
    ),
    "MarketOnCloseOrderBufferRegressionAlgorithm": Own(
        "at_moments", {"day": "2013-10-07", "times": "15:49 15:51 17:00", "quantity": "2", "tif": "ATC"}
    ),
    "WarmupFutureRegressionAlgorithm": Own("buy_and_hold", {"quantity": "1"}),
    "ContinuousFutureHistoryRegressionAlgorithm": Own("buy_and_hold", {"quantity": "1"}),
    "BasicTemplateFutureRolloverAlgorithm": Own(
        "average_sides", {"period": "20", "from": "2013-10-08"}, start="2013-10-07T00:00:00-04:00"
    ),
    "DelistedFutureLiquidateDailyRegressionAlgorithm": Own("buy_and_hold", {"quantity": "1"}),
    "RestingMarketOrderFillsAtBarOpenRegressionAlgorithm": Own(
        "buy_then_sell", {"day": "2013-12-18", "times": "00:00"}
    ),
}
