import { describe, expect, it } from "vitest";
import { STYLE } from "../../../../lib/report/page/style.ts";

/** The variables of `:root` in light, and in dark, which overrides them. */
const [light, dark] = [...STYLE.matchAll(/:root \{(.*?)\}/gs)].map(([, body]) =>
  Object.fromEntries(
    [...body!.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name!, value!]),
  ),
);

/** Contrast of WCAG 2: 4.5 is what it asks of small text, 3 of lines. */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(channels: readonly number[]): number {
  const [red, green, blue] = channels
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function channels(hex: string, brightness = 1): number[] {
  const digits = hex.length === 4 ? hex.replaceAll(/[^#]/g, "$&$&") : hex;
  return [1, 3, 5].map((at) => brightness * Number.parseInt(digits.slice(at, at + 2), 16));
}

describe.each([
  ["light", light!],
  ["dark", { ...light!, ...dark! }],
])("in %s", (_, colours) => {
  const paper = channels(colours.paper!);
  const runs = Object.keys(colours).filter((name) => name.startsWith("run-"));

  it.each(["ink", "soft"])("text is read well: %s", (name) => {
    expect(contrast(channels(colours[name]!), paper)).toBeGreaterThan(4.5);
  });

  it.each(["train", "validation", ...runs])("text is read well at the end of %s", (name) => {
    const text = channels(colours[name]!, Number(colours["text-brightness"]));
    expect(contrast(text, paper)).toBeGreaterThan(4.5);
  });

  it.each(["train", "validation", ...runs])("a line is seen well: %s", (name) => {
    expect(contrast(channels(colours[name]!), paper)).toBeGreaterThan(3);
  });
});
