// Blocks of the page: base64 of gzip, unpacked when they are needed.

async function unpackBytes(id) {
  const text = document.getElementById(id).textContent;
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function unpackJson(id) {
  return JSON.parse(new TextDecoder().decode(await unpackBytes(id)));
}

// Columns of signed whole numbers, as periscope/report/packing.py writes them: planes of bytes, lowest first.
function unpackColumns(bytes, rows, planes) {
  let offset = 0;
  return planes.map((count) => {
    const column = new Float64Array(rows);
    for (let plane = 0, weight = 1; plane < count; plane++, weight *= 256) {
      for (let row = 0; row < rows; row++) column[row] += bytes[offset++] * weight;
    }
    for (let row = 0; row < rows; row++) {
      const folded = column[row];
      column[row] = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
    }
    return column;
  });
}

function runningSum(differences) {
  const sums = new Float64Array(differences.length);
  for (let row = 0, sum = 0; row < differences.length; row++) sums[row] = sum += differences[row];
  return sums;
}

// Bars as columns: start in seconds, prices as numbers (for looking at, not for reckoning).
function unpackBars(bytes, header) {
  const [steps, gaps, bodies, uppers, lowers, volume] = unpackColumns(bytes, header.rows, header.planes);
  const unit = 10 ** header.decimals;
  const column = () => new Float64Array(header.rows);
  const bars = { start: runningSum(steps), open: column(), high: column(), low: column(), close: column(), volume };
  for (let row = 0, last = 0; row < header.rows; row++) {
    const open = last + gaps[row];
    const close = open + bodies[row];
    bars.open[row] = open / unit;
    bars.close[row] = close / unit;
    bars.high[row] = (Math.max(open, close) + uppers[row]) / unit;
    bars.low[row] = (Math.min(open, close) - lowers[row]) / unit;
    last = close;
  }
  return bars;
}
