/** A plot of its own: no library draws bars and lines in less than this. */
const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 16;
const TOP = 40;
const BOTTOM = 56;
const COLOURS = ["#2563eb", "#ea580c", "#16a34a", "#9333ea"];

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly colour?: number;
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
}

export function barPlot(
  title: string,
  unit: string,
  bars: readonly Bar[],
): string {
  const top = niceTop(Math.max(...bars.map(({ value }) => value)));
  const step = (WIDTH - LEFT - RIGHT) / bars.length;
  const drawn = bars.map(({ label, value, colour = 0 }, i) => {
    const x = LEFT + step * i;
    const y = yOf(value, top);
    const middle = x + step / 2;
    return `<rect x="${n(x + step * 0.15)}" y="${n(y)}" width="${
      n(step * 0.7)
    }" height="${n(HEIGHT - BOTTOM - y)}" fill="${COLOURS[colour]}"/>` +
      text(middle, y - 5, shortNumber(value), "middle") +
      text(middle, HEIGHT - BOTTOM + 18, label, "middle");
  });
  return svg(title, unit, top, drawn);
}

export function linePlot(
  title: string,
  unit: string,
  lines: readonly Line[],
  bound?: Bar,
): string {
  const points = lines.flatMap((line) => [...line.points]);
  const top = niceTop(Math.max(bound?.value ?? 0, ...points.map(([, y]) => y)));
  const right = Math.max(1, ...points.map(([x]) => x));
  const xOf = (x: number) => LEFT + (WIDTH - LEFT - RIGHT) * x / right;
  const drawn = lines.map(({ label, points }, i) => {
    const path = points.map(([x, y]) => `${n(xOf(x))},${n(yOf(y, top))}`).join(
      " ",
    );
    return `<polyline points="${path}" fill="none" stroke="${
      COLOURS[i % COLOURS.length]
    }" stroke-width="1.5"/>` +
      `<text x="${LEFT + 150 * i}" y="${HEIGHT - 12}" fill="${
        COLOURS[i % COLOURS.length]
      }">${escape(label)}</text>`;
  });
  if (bound) {
    const y = n(yOf(bound.value, top));
    drawn.push(
      `<line x1="${LEFT}" x2="${
        WIDTH - RIGHT
      }" y1="${y}" y2="${y}" stroke="#dc2626" stroke-dasharray="6 4"/>`,
      text(WIDTH - RIGHT, Number(y) - 5, bound.label, "end"),
    );
  }
  return svg(title, unit, top, drawn);
}

function svg(
  title: string,
  unit: string,
  top: number,
  drawn: readonly string[],
): string {
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = n(yOf(top * part, top));
    return `<line x1="${LEFT}" x2="${
      WIDTH - RIGHT
    }" y1="${y}" y2="${y}" stroke="#e5e7eb"/>` +
      text(LEFT - 8, Number(y) + 4, shortNumber(top * part), "end");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="22" font-size="15">${escape(title)}, ${escape(unit)}</text>
${[...grid, ...drawn].join("\n")}
</svg>
`;
}

function text(x: number, y: number, said: string, anchor: string): string {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${
    escape(said)
  }</text>`;
}

function yOf(value: number, top: number): number {
  return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
}

/** The next of 1, 2 and 5 with zeros. */
function niceTop(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  const factor = [1, 2, 5, 10].find((factor) => factor * unit >= value);
  return (factor ?? 10) * unit;
}

function shortNumber(value: number): string {
  return value >= 100
    ? String(Math.round(value))
    : String(Number(value.toPrecision(3)));
}

function n(value: number): string {
  return value.toFixed(1);
}

function escape(said: string): string {
  return said.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
