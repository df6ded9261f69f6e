import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytes,
  count,
  counted,
  digits,
  duration,
  flops,
  printable,
  shellWord,
} from "../../lib/format.ts";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1.00k"],
  [12_345, "12.3k"],
  [1_234_567, "1.23M"],
  [101.7e9, "102B"],
  [2.5e12, "2.50T"],
  [-1234, "-1.23k"],
  [999_499, "999k"],
  [999_999, "1.00M"],
  [999_600_000, "1.00B"],
  [12e15, "12000T"],
])("count of %d is %s", (value, text) => {
  expect(count(value)).toBe(text);
});

test.each([
  [0, "0 steps"],
  [1, "1 step"],
  [12_345, "12345 steps"],
])("%d things are counted as %s", (value, text) => {
  expect(counted(value, "step")).toBe(text);
});

test("what is counted may be shortened", () => {
  expect(counted(12_345, "document", count)).toBe("12.3k documents");
});

test("a count never needs an exponent", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), (value) => {
      expect(count(value)).toMatch(/^\d+(\.\d+)?[kMBT]?$/);
    }),
  );
});

test.each([
  [0, "0s"],
  [-3, "0s"],
  [59.4, "59s"],
  [59.6, "1m00s"],
  [3725, "1h02m"],
  [90_000, "1d01h"],
])("duration of %d s is %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [0.0123, "12.3 GFLOP/s"],
  [0.153, "153 GFLOP/s"],
  [162, "162.0 TFLOP/s"],
])("%d TFLOP/s is %s", (tflops, text) => {
  expect(flops(tflops)).toBe(text);
});

test.each([
  [1500, "1.5 kB"],
  [2_340_000, "2.3 MB"],
  [5_678_000_000, "5.68 GB"],
])("%d bytes is %s", (value, text) => {
  expect(bytes(value)).toBe(text);
});

test("printable shows control characters, but for line feed and tab, in place of sending them", () => {
  expect(printable("a\tb\nc é 中 \uFFFD 😀")).toBe("a\tb\nc é 中 \uFFFD 😀");
  expect(printable("\u001b]0;owned\u0007\u009b2J\r\u0000\u007f")).toBe(
    "\\x1b]0;owned\\x07\\x9b2J\\x0d\\x00\\x7f",
  );
});

test("a word of a shell is quoted where it has to be", () => {
  for (const plain of ["runs/a-1.2_b", "läufe/x", "--set=a:b,c@d%e+f"])
    expect(shellWord(plain)).toBe(plain);
  for (const [text, word] of [
    ["my runs/a", "'my runs/a'"],
    ["Ann's", "'Ann'\\''s'"],
    ["~/$HOME", "'~/$HOME'"],
    ["", "''"],
  ])
    expect(shellWord(text!)).toBe(word);
});

test.each([
  [0.5, "0.5"],
  [0.7 ** 4, "0.24"],
  [0.000012345, "0.0000123"],
  [1234.5, "1230"],
])("digits of %d are %s", (value, text) => {
  expect(digits(value)).toBe(text);
});
