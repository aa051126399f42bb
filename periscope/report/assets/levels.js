// Bars cut into candles of several spans. A candle never crosses a trading day, and starts where its first bar starts.

const SPANS = [
  [60, "1m"], [300, "5m"], [900, "15m"], [3600, "1h"], [14400, "4h"], [86400, "1D"], [604800, "1W"],
];

function spanName(seconds) {
  const known = SPANS.find(([length]) => length === seconds);
  return known ? known[1] : seconds < 60 ? `${seconds}s` : `${seconds / 60}m`;
}

// The series' own bars and every longer span that makes a difference, finest first. `times` are the starts of the
// candles' first bars in seconds, `dates` midnight of their (first) trading day where a candle is a day or longer.
function candleLevels(bars, header) {
  const days = { starts: runningSum(header.dayStarts), numbers: runningSum(header.dayNumbers) };
  const base = { ...bars, times: bars.start, seconds: header.seconds, name: spanName(header.seconds) };
  if (header.seconds >= SECONDS_A_DAY) base.dates = days.numbers.map((number) => number * SECONDS_A_DAY);
  const levels = [base];
  for (const [seconds, name] of SPANS) {
    const finest = levels[levels.length - 1];
    if (seconds <= header.seconds || finest.times.length < 40) continue;
    const level = { ...mergeBars(bars, days, seconds), seconds, name };
    if (level.times.length < finest.times.length) levels.push(level);
  }
  return levels;
}

function mergeBars(bars, days, seconds) {
  const rows = bars.start.length;
  const whole = seconds >= SECONDS_A_DAY;
  const out = { times: [], dates: whole ? [] : undefined, open: [], high: [], low: [], close: [], volume: bars.volume ? [] : undefined };
  let day = -1, nextDay = 0, mark = null;
  for (let row = 0, candle = -1; row < rows; row++) {
    const opens = row === nextDay;
    if (opens) nextDay = days.starts[++day + 1] ?? rows;
    // Day 4 of 1970 was a Monday: weeks begin there.
    const own = whole ? Math.floor((days.numbers[day] - 4) * SECONDS_A_DAY / seconds) : Math.floor(bars.start[row] / seconds);
    if (own !== mark || (opens && !whole)) {
      mark = own;
      candle++;
      out.times.push(bars.start[row]);
      out.dates?.push(days.numbers[day] * SECONDS_A_DAY);
      out.open.push(bars.open[row]);
      out.high.push(bars.high[row]);
      out.low.push(bars.low[row]);
      out.close.push(bars.close[row]);
      out.volume?.push(bars.volume[row]);
    } else {
      out.high[candle] = Math.max(out.high[candle], bars.high[row]);
      out.low[candle] = Math.min(out.low[candle], bars.low[row]);
      out.close[candle] = bars.close[row];
      if (out.volume) out.volume[candle] += bars.volume[row];
    }
  }
  const columns = Object.entries(out).filter(([, column]) => column !== undefined);
  return Object.fromEntries(columns.map(([name, column]) => [name, Float64Array.from(column)]));
}

// A curve at several levels: each coarser one keeps the lowest and the highest point of every eight.
function curveLevels(curve) {
  const levels = [{ ...curve, name: "all" }];
  while (levels[levels.length - 1].times.length > 500) {
    const finer = levels[levels.length - 1];
    const keep = extremes(finer.values, 8);
    const pick = (column) => Float64Array.from(keep, (row) => column[row]);
    levels.push({ times: pick(finer.times), values: pick(finer.values), growth: pick(finer.growth), depth: pick(finer.depth) });
  }
  return levels;
}

function extremes(values, stretch) {
  const keep = [];
  for (let begin = 0; begin < values.length; begin += stretch) {
    let lowest = begin, highest = begin;
    for (let row = begin; row < Math.min(begin + stretch, values.length); row++) {
      if (values[row] < values[lowest]) lowest = row;
      if (values[row] > values[highest]) highest = row;
    }
    keep.push(Math.min(lowest, highest));
    if (lowest !== highest) keep.push(Math.max(lowest, highest));
  }
  if (keep[keep.length - 1] !== values.length - 1) keep.push(values.length - 1);
  return keep;
}
