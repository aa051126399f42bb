// A table of any length: only the rows in sight are in the page. Sorted by its heads, filtered by words.

const ROW_HEIGHT = 29;
const PRINTED_ROWS = 60;

class RecordTable {
  // `table` as periscope/report/tables.py writes it; `hidden` keys are kept for looking things up but not shown.
  constructor(host, table, { label, hidden = [], onRow = null, onCount }) {
    Object.assign(this, { host, table, onRow, onCount, sorted: null, down: false, words: "", active: -1 });
    this.columns = table.columns.filter((column) => !hidden.includes(column.key));
    this.minutes = new Set(this.columns.filter(({ key, kind }) => kind === "time" && wholeMinutes(table.data[key])).map(({ key }) => key));
    this.order = Array.from({ length: table.rows }, (_, row) => row);
    this.build(label);
    this.arrange();
  }

  build(label) {
    const element = (tag, className) => Object.assign(document.createElement(tag), { className: className ?? "" });
    this.scroll = element("div", "records");
    this.scroll.tabIndex = 0;
    const table = element("table");
    table.setAttribute("aria-label", label);
    const widths = element("colgroup");
    const heads = element("tr");
    this.heads = this.columns.map((column) => {
      const width = document.createElement("col");
      width.style.width = `${this.width(column)}ch`;
      widths.append(width);
      const head = element("th", column.kind);
      head.scope = "col";
      const button = element("button");
      button.type = "button";
      button.textContent = column.title;
      button.addEventListener("click", () => this.sortBy(column.key));
      head.append(button);
      heads.append(head);
      return head;
    });
    const head = element("thead");
    head.append(heads);
    this.body = element("tbody");
    table.append(widths, head, this.body);
    table.style.minWidth = `${this.columns.reduce((sum, column) => sum + this.width(column), 0)}ch`;
    this.scroll.append(table);
    this.host.replaceChildren(this.scroll);
    this.scroll.addEventListener("scroll", () => { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.draw(); }); });
    this.scroll.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-at]");
      if (row) this.activate(Number(row.dataset.at), true);
    });
  }

  width(column) {
    let longest = column.title.length + 1;
    const step = Math.max(1, Math.floor(this.table.rows / 400));
    for (let row = 0; row < this.table.rows; row += step) longest = Math.max(longest, this.text(column, row).length);
    return Math.min(longest, 60) * (column.kind === "text" ? 1.1 : 1) + 2.6;
  }

  text(column, row) {
    const value = this.table.data[column.key][row];
    if (column.kind === "time") return this.minutes.has(column.key) ? timeText(value).slice(0, 16) : timeText(value);
    if (column.kind === "text") return value ?? NOTHING;
    if (column.kind === "money") return centsText(value);
    if (column.kind === "price") return priceText(value);
    return column.kind === "count" ? String(value ?? NOTHING) : decimalText(value);
  }

  sortBy(key) {
    this.down = this.sorted === key ? !this.down : false;
    this.sorted = key;
    this.arrange();
  }

  filter(words) {
    this.words = words.toLowerCase();
    this.arrange();
  }

  arrange() {
    const words = this.words.split(/\s+/).filter(Boolean);
    const rows = Array.from({ length: this.table.rows }, (_, row) => row);
    this.order = words.length === 0 ? rows : rows.filter((row) => {
      const text = this.haystack(row);
      return words.every((word) => text.includes(word));
    });
    if (this.sorted) this.order.sort(this.comparison(this.columns.find((column) => column.key === this.sorted)));
    this.heads.forEach((head, number) => {
      const mine = this.columns[number].key === this.sorted;
      head.setAttribute("aria-sort", mine ? (this.down ? "descending" : "ascending") : "none");
    });
    this.active = -1;
    this.scroll.scrollTop = 0;
    this.draw();
    this.onCount(this.order.length, this.table);
  }

  haystack(row) {
    this.haystacks ??= new Map();
    if (!this.haystacks.has(row)) {
      this.haystacks.set(row, this.columns.map((column) => this.text(column, row)).join("\n").toLowerCase());
    }
    return this.haystacks.get(row);
  }

  // Nothing comes last, whichever way the rest is sorted; equal rows stay in the order of the run.
  comparison(column) {
    const values = this.table.data[column.key];
    const keys = column.kind === "text" ? values : values.map((value) => (value === null ? null : Number(value)));
    const way = this.down ? -1 : 1;
    return (one, other) => {
      const [a, b] = [keys[one], keys[other]];
      if (a === b) return one - other;
      if (a === null || b === null) return a === null ? 1 : -1;
      return a < b ? -way : way;
    };
  }

  draw(all = false) {
    const first = all ? 0 : Math.max(0, Math.floor(this.scroll.scrollTop / ROW_HEIGHT) - 8);
    const room = Math.ceil((this.scroll.clientHeight || 600) / ROW_HEIGHT) + 16;
    const end = Math.min(this.order.length, all ? PRINTED_ROWS : first + room);
    const rows = [this.spacer(first)];
    for (let at = first; at < end; at++) rows.push(this.row(at));
    const left = this.order.length - end;
    if (this.order.length === 0) rows.push(this.line(this.table.rows === 0 ? "None in this run." : "None matches the filter."));
    if (all && left > 0) rows.push(this.line(`and ${numberText(left, 0)} more, in the run's files`));
    this.body.replaceChildren(...[...rows, all ? null : this.spacer(left)].filter(Boolean));
    this.scroll.classList.toggle("chosen", this.onRow !== null);
  }

  line(text) {
    const row = document.createElement("tr");
    const cell = document.createElement("td");
    cell.colSpan = this.columns.length;
    cell.className = "none";
    cell.textContent = text;
    row.append(cell);
    return row;
  }

  spacer(count) {
    if (count <= 0) return null;
    const row = document.createElement("tr");
    const cell = document.createElement("td");
    cell.colSpan = this.columns.length;
    cell.style.cssText = `height: ${count * ROW_HEIGHT}px; padding: 0; border: 0`;
    row.append(cell);
    row.setAttribute("aria-hidden", "true");
    return row;
  }

  row(at) {
    const row = document.createElement("tr");
    row.dataset.at = at;
    row.setAttribute("aria-selected", String(at === this.active));
    for (const column of this.columns) {
      const cell = document.createElement("td");
      const text = this.text(column, this.order[at]);
      cell.textContent = text;
      cell.className = column.kind;
      const exact = column.kind === "money" || column.kind === "price" ? decimalText(this.table.data[column.key][this.order[at]]) : text;
      if (text.length > 36 || exact !== text) cell.title = exact;
      if (text === NOTHING) cell.classList.add("none");
      else if (column.key === "net_pnl" || column.key === "realised_pnl") cell.classList.add(...tone(text));
      else if (column.kind === "text") cell.dataset.value = text;
      row.append(cell);
    }
    return row;
  }

  // The rows that are listed now, exact, with days and times as spreadsheets read them.
  save(name) {
    const cell = (column, row) => {
      const value = this.table.data[column.key][row] ?? "";
      if (column.kind === "time") return value === "" ? "" : timeText(value);
      // A text that a spreadsheet would take for a formula is made a text.
      const text = column.kind === "text" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
      return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const lines = [this.columns.map((column) => column.title), ...this.order.map((row) => this.columns.map((column) => cell(column, row)))];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.map((line) => `${line.join(",")}\r\n`).join("")], { type: "text/csv" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  key(event) {
    const page = Math.floor(this.scroll.clientHeight / ROW_HEIGHT) - 2;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.target !== this.scroll) return;
    if (event.key in steps) this.activate(Math.max(0, Math.min(this.order.length - 1, this.active + steps[event.key])), false);
    else if (event.key === "Enter" && this.active >= 0) this.activate(this.active, true);
    else return;
    event.preventDefault();
  }

  activate(at, chosen) {
    if (this.order.length === 0) return;
    this.active = at;
    const top = at * ROW_HEIGHT, height = this.scroll.clientHeight - 2 * ROW_HEIGHT;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    if (top > this.scroll.scrollTop + height) this.scroll.scrollTop = top - height;
    this.draw();
    if (chosen && this.onRow) this.onRow(this.order[at]);
  }
}

const wholeMinutes = (times) => times.every((time) => time === null || time % 60e6 === 0);

function tone(text) {
  if (/^[0.,]+$/.test(text)) return ["even"];
  return [text.startsWith(MINUS) ? "loss" : "gain"];
}
