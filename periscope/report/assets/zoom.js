// Detail by zoom: a chart is shown at one of several levels, finest first, each with its times in seconds.

function countUpTo(times, time) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1; else high = middle;
  }
  return low;
}

// The chart's own axis counts points; between two points time is taken to pass evenly.
function timeOfPoint(times, point) {
  const last = times.length - 1;
  const step = last > 0 ? (times[last] - times[0]) / last : 60;
  if (point <= 0) return times[0] + point * step;
  if (point >= last) return times[last] + (point - last) * step;
  const before = Math.floor(point);
  return times[before] + (point - before) * (times[before + 1] - times[before]);
}

function pointOfTime(times, time) {
  const last = times.length - 1;
  const step = last > 0 ? (times[last] - times[0]) / last : 60;
  if (time <= times[0]) return (time - times[0]) / step;
  if (time >= times[last]) return last + (time - times[last]) / step;
  const before = countUpTo(times, time) - 1;
  return before + (time - times[before]) / (times[before + 1] - times[before]);
}

// A level can have more points than a chart takes in without a hitch: then it is given a part of it.
const MOST_POINTS = 20000;

class Zoom {
  // `load(view)` gives a level, or the part of it that is needed, to the chart; `moved()` is told when the visible range
  // has settled. A view is a level with shorter columns, and with the times `since` and `until` which it stands for all.
  constructor(chart, { pixelsAPoint, load, moved = () => {} }) {
    Object.assign(this, { chart, pixelsAPoint, load, moved, levels: [], level: null, view: null, frame: 0, held: false });
    const later = () => { this.frame ||= requestAnimationFrame(() => this.adapt()); };
    chart.timeScale().subscribeVisibleLogicalRangeChange(later);
    chart.chartElement().addEventListener("pointerdown", () => { this.held = true; });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { this.held = false; later(); });
  }

  setLevels(levels, range) {
    this.levels = levels;
    this.level = null;
    this.goTo(range);
  }

  whole() {
    const { times } = this.levels[0];
    return { from: times[0], to: times[times.length - 1] };
  }

  range() {
    const visible = this.chart.timeScale().getVisibleLogicalRange();
    if (!visible || !this.level) return null;
    return { from: timeOfPoint(this.view.times, visible.from), to: timeOfPoint(this.view.times, visible.to) };
  }

  goTo(range, level = this.best(range)) {
    const from = pointOfTime(level.times, range.from);
    const to = Math.max(pointOfTime(level.times, range.to), from + 2);
    if (level !== this.level || !this.covers(from, to)) {
      this.level = level;
      this.view = viewOf(level, from, to);
      this.load(this.view);
    }
    const { begin } = this.view;
    this.chart.timeScale().setVisibleLogicalRange({ from: from - begin - 0.5, to: to - begin + 0.5 });
    // The chart takes the new range up when it draws next; to ask for its range before that gives the old one.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => { this.frame = requestAnimationFrame(() => this.adapt()); });
  }

  // While the chart is being dragged nothing is changed under the hand.
  adapt() {
    this.frame = 0;
    const range = this.range();
    if (range && !this.held) {
      const level = this.choose(range);
      const point = (time) => pointOfTime(this.level.times, time);
      if (level !== this.level || !this.covers(point(range.from), point(range.to))) this.goTo(range, level);
    }
    this.moved();
  }

  // Whether the view has these points of its level, and half as many on either side where there are any.
  covers(from, to) {
    const { begin, end } = this.view;
    const margin = (to - from) / 2;
    return begin <= Math.max(0, from - margin) && end >= Math.min(this.level.times.length, to + margin);
  }

  points(level, { from, to }) {
    return countUpTo(level.times, to) - countUpTo(level.times, from);
  }

  room() {
    return Math.max(50, this.chart.timeScale().width() / this.pixelsAPoint);
  }

  // The finest level that does not crowd the chart.
  best(range) {
    const room = this.room();
    return this.levels.find((level) => this.points(level, range) <= room) ?? this.levels[this.levels.length - 1];
  }

  // The same, but the present level is kept while it does nearly as well, lest the chart flicker between two.
  choose(range) {
    const best = this.best(range);
    const step = this.levels.indexOf(best) - this.levels.indexOf(this.level);
    if (step === -1 && this.points(best, range) > this.room() * 0.8) return this.level;
    if (step > 0 && this.points(this.level, range) <= this.room() * 1.5) return this.level;
    return best;
  }
}

// The part of a level around the points from `from` to `to`, cut without copying.
function viewOf(level, from, to) {
  const rows = level.times.length;
  const half = Math.max(MOST_POINTS, 3 * (to - from)) / 2;
  const middle = Math.min(Math.max((from + to) / 2, half), Math.max(half, rows - half));
  const begin = Math.max(0, Math.floor(middle - half));
  const end = Math.min(rows, Math.ceil(middle + half));
  const cut = Object.entries(level).map(([name, value]) => [name, ArrayBuffer.isView(value) ? value.subarray(begin, end) : value]);
  const since = begin > 0 ? level.times[begin] : -Infinity;
  return { ...Object.fromEntries(cut), begin, end, since, until: level.times[end] ?? Infinity };
}

const within = (view, time) => time >= view.since && time < view.until;
