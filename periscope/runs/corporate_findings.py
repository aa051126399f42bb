"""What splits and dividends did to a run, a sentence for each instrument that it read."""

from collections.abc import Iterator

from periscope.engine.settings import Adjustment, Settings
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.adjustment import Adjusted
from periscope.portfolio.exact import ZERO, plain
from periscope.runs.feed import CatalogFeed
from periscope.runs.recorder import Recorder

_WORDS = {
    Adjustment.SPLIT: "prices and quantities stay in shares of the run's start",
    Adjustment.TOTAL_RETURN: "earlier prices are scaled to those of the run's end",
}


def corporate_findings(settings: Settings, feed: CatalogFeed, recorder: Recorder) -> Iterator[tuple[str, str]]:
    """Symbols and sentences, by symbol."""
    read = {instrument.key: instrument for instrument in feed.read.values()}
    for key in sorted(read):
        instrument = read[key]
        said = [*_in_prices(settings, feed.adjusted(instrument)), *_booked(instrument, recorder)]
        if said:
            yield instrument.symbol, f"{instrument.symbol}: {'; '.join(said)}"


def _in_prices(settings: Settings, adjusted: Adjusted) -> Iterator[str]:
    days = [time_text(period.since)[:10] for period in adjusted.periods[1:] if settings.start < period.since]
    words = _WORDS.get(settings.adjustment)
    if words is not None and days:
        yield f"{words}, changed on {', '.join(days)}"


def _booked(instrument: Instrument, recorder: Recorder) -> Iterator[str]:
    for split in recorder.splits:
        if split.instrument.key == instrument.key:
            ratio = f"{split.ratio.numerator}:{split.ratio.denominator}"
            yield f"the position was split {ratio} on {time_text(split.time)[:10]}"
    paid = [each for each in recorder.dividends if each.instrument.key == instrument.key]
    if paid:
        total = sum((each.shares * each.per_share for each in paid), ZERO)
        yield f"{len(paid)} dividend{'s' if len(paid) > 1 else ''} booked, {plain(total):f} in all"
