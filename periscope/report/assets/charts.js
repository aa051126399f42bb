// What both charts share: colours from the style sheet, options, and the choice buttons above them.

const charts = LightweightCharts;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function chartOptions({ logo }) {
  const line = { color: colour("line") };
  return {
    layout: {
      background: { type: "solid", color: colour("panel") },
      textColor: colour("quiet"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      panes: { separatorColor: colour("line"), separatorHoverColor: colour("hover"), enableResize: true },
      attributionLogo: logo,
    },
    grid: { vertLines: { color: colour("grid") }, horzLines: { color: colour("grid") } },
    rightPriceScale: { borderColor: colour("line"), minimumWidth: 76, entireTextOnly: true },
    timeScale: { borderColor: colour("line") },
    crosshair: {
      mode: charts.CrosshairMode.Normal,
      vertLine: { ...line, color: colour("quiet"), labelBackgroundColor: colour("ink-soft") },
      horzLine: { ...line, color: colour("quiet"), labelBackgroundColor: colour("ink-soft") },
    },
  };
}

function makeChart(host, options) {
  return charts.createChart(host, {
    ...chartOptions(options),
    autoSize: true,
    timeScale: {
      borderColor: colour("line"), timeVisible: true, secondsVisible: false, minBarSpacing: 0.02,
      lockVisibleTimeRangeOnResize: true, fixLeftEdge: true, fixRightEdge: true,
    },
    localization: { locale: "en-GB", dateFormat: "yyyy-MM-dd" },
    handleScroll: { vertTouchDrag: false },
  });
}

// The chart takes times as they are to be read, in seconds, each later than the one before.
function axisTimes(level) {
  const times = new Array(level.times.length);
  for (let point = 0, last = -Infinity; point < times.length; point++) {
    const time = level.dates ? level.dates[point] : shown(level.times[point]);
    times[point] = last = Math.max(time, last + 1);
  }
  return times;
}

function choices(host, names, chosen, onChoice) {
  const buttons = names.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => { press(name); onChoice(name); });
    return button;
  });
  const press = (name) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
  };
  press(chosen);
  host.replaceChildren(...buttons);
  return press;
}

function span(text, className) {
  const element = document.createElement("span");
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

// The time axis can be moved from the keyboard too: arrows pan, plus and minus zoom, Home and End jump.
function keyboard(host, chart, zoom) {
  host.tabIndex = 0;
  host.addEventListener("keydown", (event) => {
    const scale = chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    const width = range.to - range.from;
    const moves = {
      ArrowLeft: [-0.1, -0.1], ArrowRight: [0.1, 0.1], "+": [0.15, -0.15], "=": [0.15, -0.15], "-": [-0.25, 0.25],
    };
    if (event.key === "Home") zoom.goTo(zoom.whole());
    else if (event.key in moves && !event.ctrlKey && !event.metaKey) {
      const [from, to] = moves[event.key];
      scale.setVisibleLogicalRange({ from: range.from + from * width, to: range.to + to * width });
    } else return;
    event.preventDefault();
  });
}

// What a chart shows now, as one canvas.
function picture(host) {
  const frame = host.getBoundingClientRect();
  const sharp = window.devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = frame.width * sharp;
  canvas.height = frame.height * sharp;
  const context = canvas.getContext("2d");
  for (const layer of host.querySelectorAll("canvas")) {
    const { left, top, width, height } = layer.getBoundingClientRect();
    if (width * height === 0) continue;
    context.drawImage(layer, (left - frame.left) * sharp, (top - frame.top) * sharp, width * sharp, height * sharp);
  }
  return canvas;
}
