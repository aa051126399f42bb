// Puts the page together: unpacks the data, draws the charts, fills the tables, and listens to the buttons.

const byId = (id) => document.getElementById(id);

class Page {
  async open() {
    this.data = await unpackJson("block-main");
    this.zones();
    this.themes();
    await this.equity();
    this.records();
    await this.price();
    addEventListener("beforeprint", () => this.beforePrint());
    addEventListener("afterprint", () => this.afterPrint());
    byId("print").addEventListener("click", () => print());
    document.documentElement.dataset.charts = String(this.charts().length);
    document.documentElement.dataset.ready = "yes";
  }

  charts() {
    return [this.equityChart, this.priceChart].filter(Boolean);
  }

  zones() {
    const names = ["UTC", ...new Set(this.data.series.map((series) => series.zone))].filter((name, at, all) => all.indexOf(name) === at);
    const title = (name) => name.split("/").pop().replaceAll("_", " ");
    choices(byId("zones"), names.map(title), "UTC", (chosen) => {
      setZone(names.find((name) => title(name) === chosen));
      for (const time of document.querySelectorAll("time[datetime]")) this.retime(time);
      for (const chart of this.charts()) chart.rezone();
      this.showRecords(this.tab);
    });
  }

  retime(element) {
    const milliseconds = Date.parse(element.dateTime);
    if (!Number.isNaN(milliseconds)) element.textContent = timeText(milliseconds * 1000).slice(0, element.textContent.length);
  }

  themes() {
    const root = document.documentElement;
    const name = () => { byId("theme").textContent = root.dataset.theme === "dark" ? "Light" : "Dark"; };
    name();
    byId("theme").addEventListener("click", () => {
      this.setTheme(root.dataset.theme === "dark" ? "light" : "dark");
      try { localStorage.setItem("periscope-theme", root.dataset.theme); } catch { /* a page from a file may have no storage */ }
      name();
    });
  }

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    for (const chart of this.charts()) chart.restyle();
  }

  async equity() {
    const header = this.data.equity;
    if (!header) return this.replace("equity-panel", "There is no equity curve: the run ended before its first bar.");
    const columns = unpackColumns(await unpackBytes("block-equity"), header.rows, header.planes);
    const [times, cents, growth, depth] = columns.map(runningSum);
    const scaled = (column, unit) => column.map((value) => value / unit);
    this.equityChart = new EquityChart(byId("equity-chart"), byId("equity-legend"), this.data.currency);
    this.equityChart.show(
      { times, values: scaled(cents, 100), growth: scaled(growth, 1e6), depth: scaled(depth, 1e6) }, this.data.cashFlows,
    );
    choices(byId("equity-kind"), ["Value", "Return"], "Value", (name) => this.equityChart.setKind(name));
    const spans = { "1M": 30, "3M": 91, "1Y": 365 };
    choices(byId("equity-ranges"), [...Object.keys(spans), "All"], "All", (name) => {
      const whole = this.equityChart.zoom.whole();
      const from = name in spans ? Math.max(whole.from, whole.to - spans[name] * SECONDS_A_DAY) : whole.from;
      this.equityChart.zoom.goTo({ from, to: whole.to });
    });
    return undefined;
  }

  async price() {
    const { series } = this.data;
    if (series.length === 0) return this.replace("price-panel", this.data.priceNote ?? "There are no bars to show.");
    this.note(this.data.priceNote);
    this.priceChart = new PriceChart(byId("price-chart"), byId("price-legend"));
    byId("series").replaceChildren(...series.map((one, at) => new Option(`${one.symbol} · ${one.span}`, String(at))));
    byId("series").addEventListener("change", () => this.showSeries(Number(byId("series").value)));
    const traded = series.findIndex((one) => this.fillsOf(one).length > 0);
    await this.showSeries(Math.max(0, traded));
    return undefined;
  }

  async showSeries(at) {
    const header = this.data.series[at];
    byId("series").value = String(at);
    this.seriesAt = at;
    const bars = unpackBars(await unpackBytes(`block-bars-${at}`), header);
    this.priceChart.show(bars, header, this.fillsOf(header));
    const names = this.priceChart.levels.map((level) => level.name);
    this.pressSpan = choices(byId("spans"), ["Auto", ...names], "Auto", (name) => this.priceChart.setSpan(name));
    choices(byId("price-ranges"), [...Object.keys(DAYS).filter((name) => DAYS[name] < header.dayStarts.length), "All"], "All",
      (name) => this.priceChart.setRange(name));
    if (header.seconds > secondsOf(header.span)) {
      this.note(`${numberText(header.stored, 0)} bars of one ${header.span} are shown as candles of ${spanName(header.seconds)} at the finest, to keep this page small.`);
    } else this.note(this.data.priceNote);
    this.priceChart.describe(null);
  }

  fillsOf({ symbol, assetType }) {
    const { data, rows } = this.data.tables.fills;
    const fills = [];
    for (let row = 0; row < rows; row++) {
      if (data.symbol[row] !== symbol || data.asset_type[row] !== assetType) continue;
      fills.push({
        time: (data.bar_start?.[row] ?? data.filled_at[row]) / 1e6,
        price: Number(data.price[row]), quantity: data.quantity[row], sign: data.side[row] === "BUY" ? 1 : -1,
        called: data.origin?.[row] === "margin call",
      });
    }
    return fills.sort((one, other) => one.time - other.time);
  }

  records() {
    const { tables } = this.data;
    const names = { trades: "Trades", orders: "Orders", fills: "Fills", events: "Events", ledger: "Ledger" };
    this.tabs = Object.entries(names).map(([key, name]) => {
      const tab = document.createElement("button");
      Object.assign(tab, { type: "button", id: `tab-${key}` });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "table");
      tab.append(name, span(numberText(tables[key].all, 0), "count"));
      tab.addEventListener("click", () => this.showRecords(key));
      tab.addEventListener("keydown", (event) => {
        const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!way) return;
        const keys = Object.keys(names);
        const next = keys[(keys.indexOf(key) + way + keys.length) % keys.length];
        this.showRecords(next);
        byId(`tab-${next}`).focus();
      });
      return tab;
    });
    byId("tabs").replaceChildren(...this.tabs);
    byId("table").setAttribute("role", "tabpanel");
    byId("save").addEventListener("click", () => this.table.save(`${this.tab}.csv`));
    byId("filter").addEventListener("input", () => this.table.filter(byId("filter").value));
    this.showRecords("trades");
  }

  showRecords(key) {
    this.tab = key;
    for (const tab of this.tabs) {
      const mine = tab.id === `tab-${key}`;
      tab.setAttribute("aria-selected", String(mine));
      tab.tabIndex = mine ? 0 : -1;
    }
    const jumps = { trades: (row) => this.jumpToTrade(row), fills: (row) => this.jumpToFill(row), events: (row) => this.jumpToEvent(row) };
    this.table = new RecordTable(byId("table"), this.data.tables[key], {
      label: key, hidden: ["asset_type"], onRow: jumps[key] ?? null,
      onCount: (count, table) => this.count(count, table, key),
    });
    if (byId("filter").value) this.table.filter(byId("filter").value);
  }

  count(count, table, key) {
    const names = key === "ledger" ? `posting${table.rows === 1 ? "" : "s"}` : table.rows === 1 ? key.slice(0, -1) : key;
    const rows = `${count === table.rows ? "" : `${numberText(count, 0)} of `}${numberText(table.rows, 0)} ${names}`;
    const cut = table.all > table.rows ? `, the first of ${numberText(table.all, 0)}; all are in ${key}.parquet` : "";
    byId("rows").textContent = rows + cut;
  }

  async jumpToTrade(row) {
    const { data } = this.data.tables.trades;
    const trade = {
      from: data.entry_time[row] / 1e6, to: data.exit_time[row] / 1e6,
      entry: Number(data.entry_price[row]), exit: Number(data.exit_price[row]), gain: Number(data.net_pnl[row]) >= 0,
    };
    if (await this.find(data.symbol[row], data.asset_type[row])) this.priceChart.showTrade(trade);
  }

  async jumpToFill(row) {
    const { data } = this.data.tables.fills;
    const at = data.filled_at[row] / 1e6;
    if (await this.find(data.symbol[row], data.asset_type[row])) {
      const margin = this.priceChart.header.seconds * 60;
      this.priceChart.zoom.goTo({ from: at - margin, to: at + margin });
    }
  }

  async jumpToEvent(row) {
    const { data } = this.data.tables.events;
    const at = data.time[row] / 1e6;
    const one = this.data.series.find(({ symbol }) => symbol === data.symbol[row]);
    if (one && await this.find(one.symbol, one.assetType)) {
      const margin = this.priceChart.header.seconds * 60;
      this.priceChart.zoom.goTo({ from: at - margin, to: at + margin });
    }
  }

  // Brings the symbol's chart into view, at the span that is shown now if it is the same symbol.
  async find(symbol, assetType) {
    const fits = (one) => one && one.symbol === symbol && one.assetType === assetType;
    if (!this.priceChart) return false;
    if (!fits(this.data.series[this.seriesAt])) {
      const at = this.data.series.findIndex(fits);
      if (at < 0) return false;
      await this.showSeries(at);
    }
    this.pressSpan("Auto");
    this.priceChart.setSpan("Auto");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    byId("price").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    return true;
  }

  // Charts redraw at leisure and printing does not wait, so pictures stand in for them; dark ones are turned inside out.
  beforePrint() {
    const root = document.documentElement;
    this.themeOnScreen = root.dataset.theme;
    for (const { host } of this.charts()) {
      const printed = picture(host);
      printed.className = `printed ${this.themeOnScreen}`;
      host.after(printed);
    }
    root.dataset.theme = "light";
    this.table.draw(true);
  }

  afterPrint() {
    for (const printed of document.querySelectorAll(".printed")) printed.remove();
    document.documentElement.dataset.theme = this.themeOnScreen;
    this.table.draw();
  }

  note(text) {
    byId("price-note").hidden = !text;
    byId("price-note").textContent = text ?? "";
  }

  replace(id, text) {
    const words = document.createElement("p");
    words.className = "quiet";
    words.textContent = text;
    byId(id).replaceChildren(byId(id).querySelector("h2"), words);
  }
}

function secondsOf(name) {
  return { second: 1, minute: 60, hour: 3600, day: SECONDS_A_DAY }[name];
}

new Page().open().catch((error) => {
  document.documentElement.dataset.error = String(error?.stack ?? error);
  const problem = byId("problem");
  problem.hidden = false;
  problem.textContent = typeof DecompressionStream === "undefined"
    ? "This browser is too old to draw the charts and tables; any browser since 2023 can."
    : `The charts and tables could not be drawn: ${error?.message ?? error}`;
});
