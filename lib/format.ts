/** Numbers, and text of the data, as people read them on a terminal. */

const UNITS: readonly [number, string][] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];

/** 1234567 → "1.23M". */
export function count(value: number): string {
  // Rounding comes first: it may carry into the next unit.
  const rounded = Number(value.toPrecision(3));
  for (const [unit, name] of UNITS) {
    const scaled = rounded / unit;
    if (Math.abs(scaled) >= 1000) return `${Math.round(scaled)}${name}`;
    if (Math.abs(scaled) >= 1) return `${scaled.toPrecision(3)}${name}`;
  }
  return String(Math.round(value));
}

/** "1 step", "2 steps". */
export function counted(
  value: number,
  thing: string,
  show: (value: number) => string = String,
): string {
  return `${show(value)} ${thing}${value === 1 ? "" : "s"}`;
}

/** A factor or a measure in three digits: 0.7 ** 4 → "0.24". */
export function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** 3725 → "1h02m". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole >= 86_400)
    return `${Math.floor(whole / 86_400)}d${pad(Math.floor((whole % 86_400) / 3600))}h`;
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
  if (whole >= 60) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${whole}s`;
}

/** FLOP/s given in units of 10¹²: 0.153 → "153 GFLOP/s". */
export function flops(tflops: number): string {
  if (tflops >= 1) return `${tflops.toFixed(1)} TFLOP/s`;
  return `${(tflops * 1000).toFixed(tflops >= 0.1 ? 0 : 1)} GFLOP/s`;
}

export function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  return `${(value / 1e3).toFixed(1)} kB`;
}

/** Text whose control characters, but for line feed and tab, are shown instead of sent: ESC → "\x1b". */
export function printable(text: string): string {
  return text.replace(
    /[^\P{Cc}\n\t]/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** Text as one word of a shell's command. */
export function shellWord(text: string): string {
  return /^[\p{L}\p{N}@%+=:,./_-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
