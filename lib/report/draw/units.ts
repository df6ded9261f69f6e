const POWERS = ["", "k", "M", "B", "T"] as const;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export const NOTHING = "–";

/** A factor for all ticks of an axis, and how the axis' title names it. */
export interface Unit {
  factor: number;
  title: string;
}

/** "tokens (M)", so that the ticks are short numbers. */
export function countUnit(title: string, largest: number): Unit {
  const index = powerOf(largest, POWERS.length - 1);
  const name = POWERS[index]!;
  return { factor: 1000 ** index, title: name ? `${title} (${name})` : title };
}

/** "FLOPs (10¹²)"; below 1, "learning rate (10⁻⁴)". */
export function powerUnit(title: string, largest: number): Unit {
  const power =
    largest > 0 && largest < 1 ? Math.floor(Math.log10(largest)) : 3 * powerOf(largest, 12);
  if (power === 0) return { factor: 1, title };
  return { factor: 10 ** power, title: `${title} (10${superscript(power)})` };
}

/** 4.2e12 → "4.20 × 10¹²". */
export function scientific(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  const [digits, exponent] = value.toExponential(2).split("e") as [string, string];
  const power = Number(exponent);
  return Math.abs(power) < 4
    ? String(Number(value.toPrecision(3)))
    : `${digits} × 10${superscript(power)}`;
}

/** "time (min)", so that the ticks are short numbers. @param longest in seconds. */
export function timeUnit(title: string, longest: number): Unit {
  const units: [factor: number, name: string][] = [
    [86_400, "days"],
    [3600, "h"],
    [60, "min"],
  ];
  const [factor, name] = units.find(([seconds]) => longest >= 3 * seconds) ?? [1, "s"];
  return { factor, title: `${title} (${name})` };
}

/** 0.000775 → "0.08 %". */
export function shareText(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %` : NOTHING;
}

/** A fixed number of decimals, so that columns of numbers line up. */
export function decimals(value: number | null | undefined, digits: number): string {
  return Number.isFinite(value) ? value!.toFixed(digits) : NOTHING;
}

/** Both sides of a growth event in one unit: "0.42M → 1.9M". */
export function countChange(before: number, after: number): string {
  if (!Number.isFinite(before) || !Number.isFinite(after)) return NOTHING;
  const index = powerOf(Math.max(before, after), POWERS.length - 1);
  const short = (value: number) => {
    const scaled = value / 1000 ** index;
    return `${scaled >= 100 ? Math.round(scaled) : Number(scaled.toPrecision(2))}${POWERS[index]}`;
  };
  return `${short(before)} → ${short(after)}`;
}

/** A place on the drawing's square as a share of it, for CSS. */
export function percent(place: number): string {
  return `${Math.round(place * 10) / 100}%`;
}

/** Ticks of one axis with the decimals that tell them apart. */
export function tickLabels(ticks: readonly number[], factor: number): string[] {
  const step = ticks.length > 1 ? (ticks[1]! - ticks[0]!) / factor : 1;
  const digits = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return ticks.map((tick) => (tick / factor).toFixed(digits));
}

function powerOf(value: number, most: number): number {
  if (!(value >= 1)) return 0;
  return Math.min(most, Math.floor(Math.log10(value) / 3 + 1e-9));
}

function superscript(value: number): string {
  const digits = [...String(Math.abs(value))].map((digit) => SUPERSCRIPTS[Number(digit)]);
  return `${value < 0 ? "⁻" : ""}${digits.join("")}`;
}
