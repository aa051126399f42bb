// Portfolio value with the drawdown of the time-weighted index below it.

class EquityChart {
  constructor(host, legend, currency) {
    Object.assign(this, { host, legend, currency, level: null, kind: "Value", flows: [] });
    this.chart = makeChart(host, { logo: false });
    const quiet = { priceLineVisible: false, lastValueVisible: false };
    this.value = this.chart.addSeries(charts.AreaSeries, {
      ...quiet, lineWidth: 1.5, priceFormat: { type: "custom", minMove: 0.0001, formatter: (value) => this.text(value) },
    });
    this.markers = charts.createSeriesMarkers(this.value, []);
    this.depth = this.chart.addSeries(charts.AreaSeries, {
      ...quiet, invertFilledArea: true, lineWidth: 1,
      priceFormat: { type: "custom", minMove: 0.0001, formatter: percentText },
    }, 1);
    const [upper, lower] = this.chart.panes();
    upper.setStretchFactor(0.72);
    lower.setStretchFactor(0.28);
    this.value.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.06 } });
    this.depth.priceScale().applyOptions({ scaleMargins: { top: 0.04, bottom: 0.08 } });
    this.zoom = new Zoom(this.chart, { pixelsAPoint: 0.7, load: (level) => this.load(level), moved: () => this.describe(null) });
    this.chart.subscribeCrosshairMove((event) => this.describe(event));
    keyboard(host, this.chart, this.zoom);
    this.restyle();
  }

  // `flows` are cash in and out: {time (seconds), amount}.
  show(curve, flows) {
    this.curve = curve;
    this.flows = flows;
    this.levels = curveLevels(curve);
    this.zoom.setLevels(this.levels, { from: curve.times[0], to: curve.times[curve.times.length - 1] });
    this.describe(null);
  }

  load(level) {
    this.level = level;
    const times = axisTimes(level);
    const values = this.kind === "Value" ? level.values : level.growth;
    this.value.setData(times.map((time, point) => ({ time, value: values[point] })));
    this.markers.setMarkers(this.kind !== "Value" ? [] : this.flows.filter(({ time }) => time > level.times[0] && within(level, time)).map(({ time, amount }) => ({
      time: times[Math.min(countUpTo(level.times, time), times.length - 1)],
      position: "aboveBar", shape: "circle", size: 0.5, color: colour("quiet"),
      text: `${amount < 0 ? MINUS : "+"}${shortText(Math.abs(amount))} cash`,
    })));
    this.depth.setData(times.map((time, point) => ({ time, value: level.depth[point] })));
  }

  restyle() {
    this.chart.applyOptions(chartOptions({ logo: false }));
    const [line, loss] = [colour("accent"), colour("loss")];
    this.value.applyOptions({ lineColor: line, topColor: `${line}30`, bottomColor: `${line}00` });
    this.depth.applyOptions({ lineColor: loss, topColor: `${loss}08`, bottomColor: `${loss}40` });
  }

  rezone() {
    const range = this.zoom.range();
    this.load(this.level);
    this.zoom.goTo(range ?? this.zoom.whole());
  }

  setKind(kind) {
    this.kind = kind;
    this.rezone();
  }

  text(value) {
    if (this.kind === "Return") return percentText(value);
    return numberText(value, Math.abs(value) >= 1e6 ? 0 : 2);
  }

  describe(event) {
    const { values, growth, times, depth } = this.level ?? this.curve;
    const last = this.chart.timeScale().getVisibleLogicalRange()?.to ?? Infinity;
    const point = Math.max(0, Math.min(Math.floor(event?.logical ?? last), values.length - 1));
    this.legend.replaceChildren(
      span(timeText(times[point] * 1e6)),
      span(`${numberText(values[point], 2)} ${this.currency}`, "strong"),
      span(`${growth[point] > 0 ? "+" : ""}${percentText(growth[point])}`, growth[point] < 0 ? "loss" : "up"),
      span(`drawdown ${percentText(depth[point])}`),
    );
  }
}
