// What happened to the instrument beside trading, in a strip above its candles: splits, dividends, tickers, the end.

const LABELLED_MARKS = 10;
const MARK_SHAPES = {
  split: "square", dividend: "circle", "ticker change": "circle", expiry: "square", delisting: "square",
  settlement: "square", "margin call": "square",
};
const MARK_COLOURS = { dividend: "gain", "margin call": "loss", expiry: "quiet", delisting: "quiet", settlement: "quiet" };

class MarkStrip {
  constructor(chart) {
    this.series = chart.addSeries(charts.LineSeries, {
      priceScaleId: "marks", lineVisible: false, priceLineVisible: false, lastValueVisible: false,
      crosshairMarkerVisible: false,
    });
    this.series.priceScale().applyOptions({ scaleMargins: { top: 0.03, bottom: 0.93 } });
    this.markers = charts.createSeriesMarkers(this.series, []);
    Object.assign(this, { marks: [], points: new Map() });
  }

  // `marks` in order of time: {time (seconds), kind, label, text}.
  show(marks) {
    this.marks = marks;
  }

  // Places the marks on the candles of a level, of which `times` are the axis times.
  load(level, times) {
    this.times = times;
    this.points = new Map();
    for (const mark of this.marks) {
      if (!within(level, mark.time)) continue;
      // A split or a dividend comes between two candles: the one after it carries the mark, of weeks the one around it.
      const after = level.seconds > SECONDS_A_DAY
        ? Math.max(0, countUpTo(level.times, mark.time) - 1) : countUpTo(level.times, mark.time - 0.001);
      const at = Math.min(after, level.times.length - 1);
      this.points.set(at, [...(this.points.get(at) ?? []), mark]);
    }
    this.series.setData([...this.points.keys()].sort((one, other) => one - other).map((at) => ({ time: times[at], value: 0 })));
  }

  // Whether so few are in sight that each can say what it is.
  few(visible) {
    return [...this.points.keys()].filter((at) => at >= visible.from && at <= visible.to).length <= LABELLED_MARKS;
  }

  draw(few) {
    const here = [...this.points].sort(([one], [other]) => one - other);
    this.markers.setMarkers(here.map(([at, marks]) => ({
      time: this.times[at],
      position: "inBar",
      shape: MARK_SHAPES[marks[0].kind] ?? "circle",
      color: colour(MARK_COLOURS[marks[0].kind] ?? "accent"),
      size: 0.7,
      text: few ? marks.map((mark) => mark.label).join(", ") : marks[0].label[0].toUpperCase(),
    })));
  }

  at(point) {
    return this.points.get(point) ?? [];
  }
}
