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

class Zoom {
  // `load(level)` gives the level's data to the chart; `moved()` is told when the visible range has settled.
  constructor(chart, { pixelsAPoint, load, moved = () => {} }) {
    Object.assign(this, { chart, pixelsAPoint, load, moved, levels: [], level: null, frame: 0 });
    chart.timeScale().subscribeVisibleLogicalRangeChange(() => { this.frame ||= requestAnimationFrame(() => this.adapt()); });
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
    return { from: timeOfPoint(this.level.times, visible.from), to: timeOfPoint(this.level.times, visible.to) };
  }

  goTo(range, level = this.best(range)) {
    if (level !== this.level) {
      this.level = level;
      this.load(level);
    }
    const from = pointOfTime(level.times, range.from);
    const to = pointOfTime(level.times, range.to);
    this.chart.timeScale().setVisibleLogicalRange({ from: from - 0.5, to: Math.max(to, from + 2) + 0.5 });
    // The chart takes the new range up when it draws next; to ask for its range before that gives the old one.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => { this.frame = requestAnimationFrame(() => this.adapt()); });
  }

  adapt() {
    this.frame = 0;
    const range = this.range();
    const level = range && this.choose(range);
    if (level && level !== this.level) this.goTo(range, level);
    this.moved();
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
