import { html, type Html, raw } from "../../report/draw/html.ts";
import { linearScale, SIDE } from "../../report/draw/scale.ts";
import type { SweepResult } from "../../scaling/sweep.ts";

const [WIDTH, HEIGHT, MARGIN] = [640, 400, 56];
const COLOURS = ["#1b6ca8", "#c8553d", "#4a8f4a", "#8a5fb0", "#b8860b", "#3d8f8f"];

interface Curve {
  name: string;
  results: readonly SweepResult[];
}

/** The loss over the learning rate, one line for each deviation and multiplier: an SVG file. */
export function basinPlot(results: readonly SweepResult[]): string {
  const finite = results.filter(({ loss }) => loss !== null);
  const rates = results.map(({ lr }) => Math.log2(lr));
  const losses = finite.map(({ loss }) => loss!);
  const x = linearScale(Math.min(...rates), Math.max(...rates));
  const y = linearScale(Math.min(...losses), Math.max(...losses), true);
  const left = (lr: number) => MARGIN + (x.place(Math.log2(lr)) / SIDE) * (WIDTH - 2 * MARGIN);
  const top = (loss: number) => MARGIN + (y.place(loss) / SIDE) * (HEIGHT - 2 * MARGIN);
  const lines = curvesOf(finite).map(({ name, results: along }, i) => {
    const points = along.map(
      ({ lr, loss }) => [left(lr).toFixed(1), top(loss!).toFixed(1)] as const,
    );
    const colour = COLOURS[i % COLOURS.length]!;
    return html`<polyline
        points="${points.map((point) => point.join(",")).join(" ")}"
        fill="none"
        stroke="${colour}"
        stroke-width="2"
      />
      ${points.map(([cx, cy]) => html`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}" />`)}
      <text x="${WIDTH / 2}" y="${MARGIN + 16 * i}" fill="${colour}" text-anchor="middle"
        >${name}</text
      >`;
  });
  const rateTicks = [...new Set(results.map(({ lr }) => lr))].map(
    (lr) =>
      html`<text x="${left(lr).toFixed(1)}" y="${HEIGHT - MARGIN + 20}" text-anchor="middle"
        >${rate(lr)}</text
      >`,
  );
  const lossTicks = y
    .ticks(5)
    .map(
      (loss) =>
        html`<line
            x1="${MARGIN}"
            x2="${WIDTH - MARGIN}"
            y1="${top(loss)}"
            y2="${top(loss)}"
            stroke="#ddd"
          />
          <text x="${MARGIN - 6}" y="${top(loss) + 4}" text-anchor="end">${loss}</text>`,
    );
  return svg([...lossTicks, ...rateTicks, ...lines]);
}

function curvesOf(results: readonly SweepResult[]): Curve[] {
  const curves = new Map<string, SweepResult[]>();
  for (const result of results) {
    const name = `init_std ${rate(result.init_std)}, output_mult ${rate(result.output_mult)}`;
    curves.set(name, [...(curves.get(name) ?? []), result]);
  }
  return [...curves].map(([name, along]) => ({
    name,
    results: along.toSorted((a, b) => a.lr - b.lr),
  }));
}

function svg(content: readonly Html[]): string {
  const body = html`${content}<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle"
      >base learning rate</text
    >
    <text x="${MARGIN}" y="${MARGIN - 20}">loss at the end (nats per token)</text>`;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    font-family="sans-serif"
    font-size="11"
  >
    <rect width="100%" height="100%" fill="white" />
    ${raw(body.text)}
  </svg> `.text;
}

function rate(value: number): string {
  return String(Number(value.toPrecision(3)));
}
