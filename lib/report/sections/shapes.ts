import type { StageSpan } from "../facts/stages.ts";
import { type Html, html } from "../draw/html.ts";
import { interleaveLayers, stackLayers } from "../../growth/axis-map.ts";
import { count, counted } from "../../format.ts";
import type { Shape } from "../read/record.ts";

/** The largest model's drawing, in SVG units; the others are to its scale. */
const WIDTH = 150;
const HEIGHT = 96;
/** Layers closer than this are drawn without the gap between them. */
const SMALLEST_PITCH = 3;

/** The model of each stage, one bar a layer, all to one scale; what the growth event added is lighter. */
export function shapeStrip(stages: readonly StageSpan[]): Html | null {
  const drawn = stages.flatMap(({ shape, ...rest }) => (shape ? [{ ...rest, shape }] : []));
  if (drawn.length === 0) return null;
  const unit = {
    x: WIDTH / Math.max(...drawn.map(({ shape }) => shape.hidden_size)),
    y: Math.min(12, HEIGHT / Math.max(...drawn.map(({ shape }) => shape.num_layers))),
  };
  return html`<ol class="shapes">
    ${drawn.map(
      ({ name, shape, parameters, growth, depth }) =>
        html`<li>
          <svg
            width="${shape.hidden_size * unit.x}"
            height="${shape.num_layers * unit.y}"
            role="img"
            aria-label="${name}: ${layersText(shape)} of ${shape.hidden_size}"
          >
            ${bars(shape, growth?.from ?? shape, depth, unit)}
          </svg>
          <b>${name}</b>
          <span>${layersText(shape)} × ${shape.hidden_size} wide</span>
          <span>${heads(shape)}, FFN ${shape.ffn_hidden_size}</span>
          <span>${Number.isFinite(parameters) && html`${count(parameters)} parameters`}</span>
        </li>`,
    )}
  </ol>`;
}

function layersText({ num_layers }: Shape): string {
  return counted(num_layers, "layer");
}

function heads({ num_attention_heads, num_kv_heads }: Shape): string {
  const all = counted(num_attention_heads, "head");
  return num_kv_heads === num_attention_heads ? all : `${all} on ${num_kv_heads} KV`;
}

/** Bars from the bottom (the first layer) up; neighbours that look alike are one bar when there is no room for gaps. */
function bars(
  to: Shape,
  from: Shape,
  depth: string | null,
  unit: { x: number; y: number },
): Html[] {
  const added = addedLayers(depth, from.num_layers, to.num_layers);
  const gap = unit.y >= SMALLEST_PITCH ? 1 : 0;
  const rows: { first: number; layers: number; isNew: boolean }[] = [];
  for (const [layer, isNew] of added.entries()) {
    const last = rows.at(-1);
    if (gap === 0 && last?.isNew === isNew) last.layers++;
    else rows.push({ first: layer, layers: 1, isNew });
  }
  const width = to.hidden_size * unit.x;
  const old = Math.min(from.hidden_size, to.hidden_size) * unit.x;
  return rows.flatMap(({ first, layers, isNew }) => {
    const y = (to.num_layers - first - layers) * unit.y;
    const bar = (x: number, barWidth: number, style: string) =>
      html`<rect
        class="${style}"
        x="${x}"
        y="${y}"
        width="${barWidth}"
        height="${layers * unit.y - gap}"
      />`;
    if (isNew) return [bar(0, width, "new")];
    return width > old ? [bar(0, old, "old"), bar(old, width - old, "new")] : [bar(0, old, "old")];
  });
}

/** As the axis maps of growth have it; a file that says otherwise than growth can do shows no added layers. */
function addedLayers(depth: string | null, from: number, to: number): boolean[] {
  if (!(from <= to)) return Array<boolean>(to).fill(false);
  return (depth === "interleave" ? interleaveLayers : stackLayers)(from, to).added;
}
