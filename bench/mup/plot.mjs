// The loss over the learning rate, a panel for each parametrisation and a line for each width; the lowest is ringed.
import { PARAMETRISATIONS, RATES, WIDTHS } from "./grid.mjs";

const [WIDTH, HEIGHT] = [900, 420];
const PANEL = { top: 50, bottom: 350, width: 360, lefts: [70, 500] };
const COLOURS = ["#b3261e", "#8a6d00", "#2e7d32", "#1f5fa8"];
const TITLES = { mup: "muP", standard: "standard parametrisation" };
const TICKS = 5;

/** @param {import("./summary.mjs").Basin[]} all */
export function plotSvg(all) {
  const losses = all.flatMap(({ rates }) => rates.map(({ loss }) => loss)).filter(Number.isFinite);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const y = (loss) =>
    round(PANEL.bottom - ((loss - low) / (high - low || 1)) * (PANEL.bottom - PANEL.top - 20));
  const panels = PARAMETRISATIONS.map((name, i) =>
    panel(
      name,
      all.filter(({ parametrisation }) => parametrisation === name),
      PANEL.lefts[i],
      {
        y,
        low,
        high,
      },
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
${[...panels, legend()].join("\n")}
</svg>
`;
}

function panel(name, basins, left, { y, low, high }) {
  const right = left + PANEL.width;
  const x = (lr) =>
    round(
      left +
        15 +
        (Math.log2(lr / RATES[0]) / Math.log2(RATES.at(-1) / RATES[0])) * (PANEL.width - 30),
    );
  const ticks = Array.from({ length: TICKS }, (_, i) => low + ((high - low) * i) / (TICKS - 1));
  return [
    `<path d="M${left} ${PANEL.top}V${PANEL.bottom}H${right}" fill="none" stroke="black"/>`,
    text(left + PANEL.width / 2, PANEL.top - 14, TITLES[name], "middle"),
    text(
      left + PANEL.width / 2,
      PANEL.bottom + 40,
      "learning rate (base rate under muP)",
      "middle",
    ),
    text(left, PANEL.top - 14, "loss", "end"),
    ...RATES.map((lr) => text(x(lr), PANEL.bottom + 18, lr, "middle")),
    ...ticks.map((loss) => text(left - 6, y(loss) + 4, loss.toFixed(2), "end")),
    ...basins.map((basin) => curve(basin, x, y)),
  ].join("\n");
}

function curve({ width, rates, best }, x, y) {
  const colour = COLOURS[WIDTHS.indexOf(width)];
  const finite = rates.filter(({ loss }) => Number.isFinite(loss));
  const points = finite.map(({ lr, loss }) => `${x(lr)},${y(loss)}`);
  const lowest = finite.find(({ lr }) => lr === best);
  return (
    `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>` +
    finite
      .map(({ lr, loss }) => `<circle cx="${x(lr)}" cy="${y(loss)}" r="2.5" fill="${colour}"/>`)
      .join("") +
    `<circle cx="${x(best)}" cy="${y(lowest.loss)}" r="6" fill="none" stroke="${colour}" stroke-width="2"/>`
  );
}

function legend() {
  return WIDTHS.map((width, i) =>
    text(300 + 90 * i, HEIGHT - 6, `width ${width}`, "start", COLOURS[i]),
  ).join("");
}

function text(x, y, content, anchor, colour = "black") {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}

function round(value) {
  return Number(value.toFixed(1));
}
