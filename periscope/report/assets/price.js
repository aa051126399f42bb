// Candles with the run's fills on them: buys below, sells above.

const DAYS = { "1D": 1, "1W": 5, "1M": 21, "3M": 63, "1Y": 252 };
const LABELLED_FILLS = 24;
const CROWDED_FILLS = 120;

class PriceChart {
  constructor(host, legend) {
    Object.assign(this, { host, legend, fills: [], groups: [], trade: null, header: null, level: null });
    this.chart = makeChart(host, { logo: true });
    this.volume = this.chart.addSeries(charts.HistogramSeries, {
      priceScaleId: "volume", priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
    this.candles = this.chart.addSeries(charts.CandlestickSeries, { priceLineVisible: false, lastValueVisible: false });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.24 } });
    this.path = this.chart.addSeries(charts.LineSeries, {
      lineStyle: charts.LineStyle.Dashed, lineWidth: 2, priceLineVisible: false, lastValueVisible: false,
      crosshairMarkerVisible: false, pointMarkersVisible: true, autoscaleInfoProvider: () => null,
    });
    // How much was bought and sold per candle, where there are too many fills for a marker each.
    this.activity = [1, -1].map((sign) => {
      const series = this.chart.addSeries(charts.HistogramSeries, {
        priceScaleId: "activity", priceLineVisible: false, lastValueVisible: false, base: 0,
      });
      return { sign, series };
    });
    this.activity[0].series.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0.16 } });
    this.markers = charts.createSeriesMarkers(this.candles, []);
    this.strip = new MarkStrip(this.chart);
    this.zoom = new Zoom(this.chart, {
      pixelsAPoint: 3, load: (level) => this.load(level), moved: () => { this.mark(); this.describe(null); },
    });
    this.chart.subscribeCrosshairMove((event) => this.describe(event));
    keyboard(host, this.chart, this.zoom);
    this.restyle();
  }

  // `fills` in order of time: {time (seconds), price, quantity (text), sign, called (by a margin call)}.
  show(bars, header, fills) {
    this.header = header;
    this.fills = fills;
    this.trade = null;
    const tick = (header.tick.split(".")[1] ?? "").replace(/0+$/, "").length;
    // Adjusted prices have up to six decimals; the axis and the labels need no more than the tick's and two.
    this.decimals = Math.max(2, tick, Math.min(header.decimals, tick + 2));
    this.candles.applyOptions({
      priceFormat: {
        type: "custom", minMove: 10 ** -this.decimals,
        // The axis reaches below zero only to make room for the volumes.
        formatter: (price) => (price < 0 && this.positive ? "" : numberText(price, this.decimals)),
      },
    });
    this.positive = bars.low.every((price) => price >= 0);
    this.strip.show(header.marks);
    this.candles.priceScale().applyOptions({ scaleMargins: { top: header.marks.length > 0 ? 0.13 : 0.06, bottom: 0.24 } });
    this.levels = candleLevels(bars, header);
    this.zoom.setLevels(this.levels, { from: bars.start[0], to: bars.start[bars.start.length - 1] });
  }

  // At a span that would crowd the chart, the latest part of what is in sight is shown.
  setSpan(name) {
    const chosen = this.levels.filter((level) => level.name === name);
    const { from, to } = this.zoom.range() ?? this.zoom.whole();
    const most = this.chart.timeScale().width();
    const crowded = chosen.length > 0 && this.zoom.points(chosen[0], { from, to }) > most;
    const begin = crowded ? timeOfPoint(chosen[0].times, pointOfTime(chosen[0].times, to) - most / 4) : from;
    this.zoom.setLevels(chosen.length > 0 ? chosen : this.levels, { from: begin, to });
  }

  setRange(name) {
    if (!(name in DAYS)) return this.zoom.goTo(this.zoom.whole());
    const starts = runningSum(this.header.dayStarts);
    const { times } = this.levels[0];
    const at = Math.min(this.zoom.range()?.to ?? Infinity, times[times.length - 1]);
    const row = countUpTo(times, at) - 1;
    const day = Math.max(0, countUpTo(starts, row) - DAYS[name]);
    const last = (starts[day + DAYS[name]] ?? times.length) - 1;
    return this.zoom.goTo({ from: times[starts[day]], to: times[last] });
  }

  // Shows a trade: {from, to (seconds), entry, exit, gain}.
  showTrade(trade) {
    this.trade = trade;
    const margin = Math.max((trade.to - trade.from) * 0.6, this.header.seconds * 30);
    this.zoom.goTo({ from: trade.from - margin, to: trade.to + margin });
    this.drawTrade();
  }

  load(level) {
    this.level = level;
    this.times = axisTimes(level);
    this.candles.setData(this.times.map((time, point) => ({
      time, open: level.open[point], high: level.high[point], low: level.low[point], close: level.close[point],
    })));
    const volume = level.volume ? this.times.map((time, point) => ({ time, value: level.volume[point] })) : [];
    this.volume.setData(volume);
    this.strip.load(level, this.times);
    this.groups = this.grouped();
    for (const { sign, series } of this.activity) {
      const traded = new Map();
      for (const group of this.groups.filter((each) => each.sign === sign)) {
        traded.set(group.point, (traded.get(group.point) ?? 0) + group.quantity);
      }
      series.setData([...traded].map(([point, quantity]) => ({ time: this.times[point], value: sign * quantity })));
    }
    this.marked = null;
    this.chart.timeScale().applyOptions({ timeVisible: !level.dates, secondsVisible: level.seconds < 60 });
    this.drawTrade();
    this.mark();
  }

  // One marker for each candle and side; with few in sight each says how much and at what price, with too many there
  // are bars of what was bought and sold instead. Nothing is handed to the chart again while it would be the same.
  mark() {
    const visible = this.chart.timeScale().getVisibleLogicalRange();
    if (!visible || !this.level) return;
    const inSight = this.groupsBetween(visible.from, visible.to).length;
    const crowded = inSight > CROWDED_FILLS;
    const few = inSight <= LABELLED_FILLS;
    const width = Math.max(40, 2 ** Math.ceil(Math.log2(visible.to - visible.from)));
    const place = Math.floor(visible.from / width);
    const labelled = this.strip.few(visible);
    const state = [crowded, few, crowded || [width, place], this.level.begin, this.level.name, labelled].join();
    if (state === this.marked) return;
    this.marked = state;
    this.strip.draw(labelled);
    this.host.dataset.marks = String(this.strip.points.size);
    for (const { series } of this.activity) series.applyOptions({ visible: crowded });
    const groups = crowded ? [] : this.groupsBetween((place - 1) * width, (place + 3) * width);
    this.markers.setMarkers(groups.map((group) => ({
      time: this.times[group.point],
      position: group.sign > 0 ? "belowBar" : "aboveBar",
      shape: group.sign > 0 ? "arrowUp" : "arrowDown",
      color: colour(group.called ? "loss" : group.sign > 0 ? "buy" : "sell"),
      size: few ? 0.8 : 0.6,
      text: few ? this.fillText(group) : "",
    })));
    this.host.dataset.markers = String(inSight);
  }

  // The level's fills by candle and side, in order.
  grouped() {
    const { times } = this.level;
    const groups = new Map();
    for (const fill of this.fills) {
      if (!within(this.level, fill.time)) continue;
      const point = Math.max(0, countUpTo(times, fill.time) - 1);
      const key = point * 4 + (fill.sign > 0 ? 1 : 0) + (fill.called ? 2 : 0);
      const group = groups.get(key) ?? { point, sign: fill.sign, called: fill.called, count: 0, quantity: 0, money: 0 };
      group.count++;
      group.quantity += Number(fill.quantity);
      group.money += Number(fill.quantity) * fill.price;
      groups.set(key, group);
    }
    return [...groups.values()].sort((one, other) => one.point - other.point);
  }

  groupsBetween(from, to) {
    return this.groups.filter(({ point }) => point >= from && point <= to);
  }

  fillText(group) {
    const price = numberText(group.money / group.quantity, this.decimals);
    return `${group.called ? "margin call " : ""}${group.sign > 0 ? "+" : MINUS}${shortText(group.quantity)} @ ${price}`;
  }

  drawTrade() {
    const drawn = this.trade && this.level && (within(this.level, this.trade.from) || within(this.level, this.trade.to));
    if (!drawn) return this.path.setData([]);
    const point = (time) => this.times[Math.max(0, countUpTo(this.level.times, time) - 1)];
    const ends = [{ time: point(this.trade.from), value: this.trade.entry }];
    const exit = { time: point(this.trade.to), value: this.trade.exit };
    if (exit.time > ends[0].time) ends.push(exit);
    this.path.applyOptions({ color: colour(this.trade.gain ? "gain" : "loss") });
    return this.path.setData(ends);
  }

  restyle() {
    this.chart.applyOptions(chartOptions({ logo: true }));
    const [up, down] = [colour("up"), colour("down")];
    this.candles.applyOptions({
      upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false,
    });
    this.volume.applyOptions({ color: colour("volume") });
    for (const { sign, series } of this.activity) series.applyOptions({ color: colour(sign > 0 ? "buy" : "sell") });
    this.marked = null;
    this.mark();
  }

  rezone() {
    if (!this.level) return;
    const range = this.zoom.range();
    this.load(this.level);
    this.zoom.goTo(range ?? this.zoom.whole());
  }

  describe(event) {
    if (!this.level) return;
    const { level } = this;
    const last = this.chart.timeScale().getVisibleLogicalRange()?.to ?? Infinity;
    const point = Math.max(0, Math.min(Math.floor(event?.logical ?? last), level.times.length - 1));
    const price = (value) => numberText(value, this.decimals);
    const rises = level.close[point] >= level.open[point];
    const date = level.dates && new Date(level.dates[point] * 1000).toISOString().slice(0, 10);
    const parts = [
      span(`${this.header.symbol} ${level.name}`, "strong"),
      span(date ?? timeText(level.times[point] * 1e6).slice(0, level.seconds < 60 ? 19 : 16)),
    ];
    for (const [letter, column] of [["O", "open"], ["H", "high"], ["L", "low"], ["C", "close"]]) {
      parts.push(span(`${letter} ${price(level[column][point])}`, rises ? "up" : "down"));
    }
    if (level.volume) parts.push(span(`V ${shortText(level.volume[point])}`));
    for (const group of this.groupsBetween(point, point)) {
      parts.push(span(`${group.count > 1 ? `${group.count} fills ` : ""}${this.fillText(group)}`, group.sign > 0 ? "buy" : "sell"));
    }
    parts.push(...this.strip.at(point).map((mark) => span(mark.text, "mark")));
    this.legend.replaceChildren(...parts);
  }
}
