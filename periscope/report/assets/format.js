// How numbers and times are written. Times come in microseconds or seconds since 1970-01-01 UTC.

const MINUS = "\u2212";
const NOTHING = "\u2013";
const SECONDS_A_DAY = 86400;

let zone = "UTC";
const offsets = new Map();

function setZone(name) {
  zone = name;
  offsets.clear();
}

// Seconds by which the shown zone is ahead of UTC, taken at noon of the UTC day: clocks change on Sundays before any
// market opens.
function zoneOffset(seconds) {
  if (zone === "UTC") return 0;
  const day = Math.floor(seconds / SECONDS_A_DAY);
  let offset = offsets.get(day);
  if (offset === undefined) {
    const noon = (day + 0.5) * SECONDS_A_DAY;
    const parts = {};
    for (const part of zoneFormat(zone).formatToParts(noon * 1000)) parts[part.type] = Number(part.value);
    offset = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) / 1000 - noon;
    offsets.set(day, offset);
  }
  return offset;
}

const zoneFormats = new Map();

function zoneFormat(name) {
  if (!zoneFormats.has(name)) {
    zoneFormats.set(name, new Intl.DateTimeFormat("en-US", {
      timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  return zoneFormats.get(name);
}

const shown = (seconds) => seconds + zoneOffset(seconds);

function timeText(microseconds) {
  if (microseconds === null || microseconds === undefined) return NOTHING;
  const seconds = Math.floor(microseconds / 1e6);
  const fraction = microseconds - seconds * 1e6;
  const text = new Date(shown(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ");
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
}

// A decimal text with its thousands separated; no digit is touched.
function decimalText(text) {
  if (text === null || text === undefined) return NOTHING;
  const [, sign, whole, rest] = /^(-?)(\d+)(.*)$/.exec(text) ?? [null, "", text, ""];
  return (sign && MINUS) + whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest;
}

// A decimal text in cents, of two equally near ones the even one; an amount that cents would hide stays as it is.
function centsText(text) {
  const [, sign, whole, rest] = /^(-?)(\d+)\.(\d{3,})$/.exec(text ?? "") ?? [];
  if (whole === undefined) return decimalText(text);
  const cents = BigInt(whole + rest.slice(0, 2));
  const left = rest.slice(2).replace(/0+$/, "");
  const up = left > "5" || (left === "5" && cents % 2n === 1n);
  const rounded = String(cents + (up ? 1n : 0n)).padStart(3, "0");
  if (/^0+$/.test(rounded)) return decimalText(text);
  return decimalText(`${sign}${rounded.slice(0, -2)}.${rounded.slice(-2)}`);
}

// A price with no more than six decimals: an average has ten.
function priceText(text) {
  const long = /^-?\d+\.\d{7,}$/.test(text ?? "");
  return decimalText(long ? Number(text).toFixed(6).replace(/(\.\d\d\d*?)0+$/, "$1") : text);
}

const numberText = (value, decimals) => decimalText(value.toFixed(decimals).replace(/^-(?=[0.]+$)/, ""));
const percentText = (value) => `${numberText(value * 100, 2)}%`;

function shortText(value) {
  for (const [unit, letter] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]]) {
    if (Math.abs(value) >= unit) return `${numberText(value / unit, Math.abs(value) >= unit * 100 ? 0 : 1)}${letter}`;
  }
  return numberText(value, 0);
}
