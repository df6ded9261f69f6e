// Validation loss against FLOPs, both logarithmic: a dot an arm, the runs from scratch and the small models as lines.
// Losses are with the seeds that all runs from scratch have (Row.paired).
import { groupBy } from "./group-by.mjs";

const [WIDTH, HEIGHT] = [900, 560];
const AREA = { left: 70, right: 690, top: 30, bottom: 500 };
const COLOURS = { scratch: "#1f5fa8", small: "#8a6d00", grown: "#b3261e", rate: "#888888" };

/** @param {import("./summary.mjs").Row[]} rows */
export function plotSvg(rows) {
  const x = logScale(
    rows.map(({ flops }) => flops),
    AREA.left,
    AREA.right,
  );
  const y = logScale(
    rows.map(({ paired }) => paired),
    AREA.bottom,
    AREA.top,
  );
  const frontiers = ["scratch", "small"].flatMap((role) =>
    [
      ...groupBy(
        rows.filter((row) => row.role === role),
        ({ reference }) => reference,
      ).values(),
    ].map((points) =>
      polyline(
        points.toSorted((a, b) => a.flops - b.flops),
        x,
        y,
        COLOURS[role],
      ),
    ),
  );
  const dots = rows.map(({ flops, paired, role }) => {
    return `<circle cx="${x(flops)}" cy="${y(paired)}" r="4" fill="${COLOURS[role]}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
${[...axes(rows, x, y), ...frontiers, ...dots, ...labels(rows, x, y), legend()].join("\n")}
</svg>
`;
}

function logScale(values, from, to) {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const room = 0.04 * (high - low || 1);
  const span = high - low + 2 * room;
  return (value) =>
    Number((from + ((Math.log(value) - low + room) / span) * (to - from)).toFixed(1));
}

function axes(rows, x, y) {
  const { left, right, top, bottom } = AREA;
  const text = (at, content, anchor = "middle") =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}">${content}</text>`;
  const ticks = (values) => [Math.min(...values), middle(values), Math.max(...values)];
  return [
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="black"/>`,
    ...ticks(rows.map(({ flops }) => flops)).map((flops) =>
      text([x(flops), bottom + 18], flops.toExponential(1)),
    ),
    ...ticks(rows.map(({ paired }) => paired)).map((loss) =>
      text([left - 6, y(loss) + 4], loss.toFixed(3), "end"),
    ),
    text([(left + right) / 2, bottom + 40], "training FLOPs (products, head included)"),
    text([left, top - 12], "validation loss, nats per byte", "start"),
  ];
}

/** Half way on a logarithmic axis. */
function middle(values) {
  return Math.sqrt(Math.min(...values) * Math.max(...values));
}

function polyline(points, x, y, colour) {
  const path = points.map(({ flops, paired }) => `${x(flops)},${y(paired)}`).join(" ");
  return `<polyline points="${path}" fill="none" stroke="${colour}"/>`;
}

/** Names in a column at the right, in the order of their losses, each tied to its dot. */
function labels(rows, x, y) {
  const step = (AREA.bottom - AREA.top) / Math.max(1, rows.length - 1);
  const column = AREA.right + 20;
  return rows
    .toSorted((a, b) => b.paired - a.paired)
    .map(({ arm, flops, paired, role }, i) => {
      const at = (AREA.top + i * step).toFixed(1);
      return (
        `<path d="M${x(flops)} ${y(paired)}L${column - 4} ${at}" stroke="${COLOURS[role]}" stroke-opacity="0.25"/>` +
        `<text x="${column}" y="${at}" dy="4" fill="${COLOURS[role]}">${arm}</text>`
      );
    });
}

function legend() {
  const names = {
    scratch: "from scratch",
    small: "small model alone",
    grown: "grown",
    rate: "other rate or start",
  };
  return Object.entries(names)
    .map(
      ([role, name], i) =>
        `<circle cx="${AREA.left + 20 + 150 * i}" cy="${HEIGHT - 8}" r="4" fill="${COLOURS[role]}"/>` +
        `<text x="${AREA.left + 30 + 150 * i}" y="${HEIGHT - 4}">${name}</text>`,
    )
    .join("");
}
