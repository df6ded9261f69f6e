import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { type Column, table } from "../draw/table.ts";
import { countChange, decimals } from "../draw/units.ts";
import { type EventOf, eventsOf } from "../read/events.ts";
import type { Shape } from "../read/record.ts";

type Growth = EventOf<"growth">;

const dimension = (title: string, key: keyof Shape): Column<Growth> => ({
  title,
  cell: ({ from, to }) =>
    from[key] === to[key]
      ? html`<span class="same">${to[key]}</span>`
      : `${from[key]} → ${to[key]}`,
});

/** What every growth event changed, and what it did to the loss on one fixed batch. */
export function growthTable({ events, config }: RunFacts): Html | null {
  const growths = eventsOf(events, "growth");
  if (growths.length === 0) return null;
  const isGrouped = growths.some(({ to }) => to.num_kv_heads !== to.num_attention_heads);
  const newTokens = growths.some(({ bits_per_byte }) => bits_per_byte);
  const columns: Column<Growth>[] = [
    { title: "step", cell: ({ step }) => step.toLocaleString("en") },
    {
      title: "into",
      cell: ({ stage }) => config.stages[stage]?.name ?? `stage-${stage + 1}`,
      isText: true,
    },
    {
      title: "parameters",
      cell: ({ parameters_before, parameters_after }) =>
        countChange(parameters_before, parameters_after),
    },
    dimension("layers", "num_layers"),
    dimension("hidden", "hidden_size"),
    dimension("heads", "num_attention_heads"),
    ...(isGrouped ? [dimension("KV heads", "num_kv_heads")] : []),
    dimension("FFN", "ffn_hidden_size"),
    ...(newTokens
      ? [
          dimension("vocabulary", "vocab_size"),
          {
            title: "bits per byte",
            cell: ({ bits_per_byte: bits }: Growth) =>
              bits ? `${decimals(bits.before, 4)} → ${decimals(bits.after, 4)}` : "",
          },
        ]
      : []),
    { title: "loss before", cell: ({ loss_before }) => decimals(loss_before, 5) },
    { title: "after", cell: ({ loss_after }) => decimals(loss_after, 5) },
    {
      title: "difference",
      cell: ({ loss_before, loss_after, bits_per_byte }) =>
        bits_per_byte ? "" : signed(loss_after - loss_before),
    },
    { title: "preserving", cell: ({ preserving }) => (preserving ? "yes" : "no"), isText: true },
    { title: "seconds", cell: ({ seconds }) => decimals(seconds, 1) },
  ];
  return html`<section>
    <h2>Growth events</h2>
    ${table("Growth events", columns, growths)}
    <p class="note">
      Loss in nats per token on one fixed batch, right before and right after the event. A
      preserving event computes the same function, so that the difference is rounding alone.
      ${
        newTokens
          ? html`Where the vocabulary grew, tokens are other ones from there on: losses per token do
            not compare across it, bits per byte do.`
          : ""
      }
    </p>
  </section>`;
}

function signed(value: number): string {
  if (!Number.isFinite(value)) return decimals(null, 0);
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-4 ? size.toExponential(1) : size.toFixed(5);
  return `${value < 0 ? "−" : "+"}${text}`;
}
