import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatManifest, type Manifest, parseManifest } from "../../../lib/checkpoint/manifest.ts";
import { FlmError } from "../../../lib/errors.ts";
import { failure } from "../failure.ts";
import { manifest } from "./manifests.ts";

const read = (text: string) => parseManifest(text, "/c/manifest.json");
const parse = (value: unknown) => read(JSON.stringify(value));

const WHOLE = manifest({
  parent: "/run/checkpoints/step-00000005.e0001",
  growth: [{ stage: 1, step: 5, parameters_before: 6, parameters_after: 12 }],
  data: [{ source: "a", cursor: [1, 2, null], share: 1 / 3 }],
});

test("a manifest reads back as it was written", () => {
  expect(read(formatManifest(WHOLE))).toEqual(WHOLE);
});

test("one of the first versions has no hash", () => {
  expect(parse(WHOLE)).toEqual(WHOLE);
});

test("one that was printed to be read is still whole", () => {
  const printed = JSON.stringify(JSON.parse(formatManifest(WHOLE)), null, 2);
  expect(read(`${printed}\n`)).toEqual(WHOLE);
});

test("no wrong bit goes unseen", () => {
  const text = Buffer.from(formatManifest(WHOLE));
  for (let bit = 0; bit < 8 * text.length; bit++) {
    const bytes = Buffer.from(text);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(failure(() => read(bytes.toString())).code, bytes.toString()).toBe("CHECKPOINT_INVALID");
  }
});

describe("damaged", () => {
  const damage = (value: unknown) => {
    const { code, message } = failure(() => parse(value));
    expect(code).toBe("CHECKPOINT_INVALID");
    expect(message).toContain("/c/manifest.json");
    return message;
  };

  test("what is not JSON", () => {
    const { code, message } = failure(() => parseManifest('{"format": 1, "st', "/c/manifest.json"));
    expect(code).toBe("CHECKPOINT_INVALID");
    expect(message).toContain("is not JSON");
  });

  test.each([null, 5, "text", [], {}])("what is not a manifest: %j", (value) => {
    damage(value);
  });

  test.each([
    ["step", -1],
    ["step", 1.5],
    ["tokens", 2 ** 53],
    ["flops", null],
    ["optimizer_steps", { "embedding.weight": "10" }],
    ["device", { kind: "tpu", name: "x", precision: "f32" }],
  ])("%s: %j", (key, value) => {
    expect(damage({ ...manifest(), [key]: value })).toContain(key);
  });

  test("unknown and missing keys", () => {
    expect(damage({ ...manifest(), pickle: "rm" })).toContain("pickle");
    const { seed: _, ...rest } = manifest();
    expect(damage(rest)).toContain("seed");
  });

  test("another format, with the remedy", () => {
    const { message, hint } = failure(() => parse({ ...manifest(), format: 2 }));
    expect(message).toContain("has format 2, this version of flm-train reads 1");
    expect(hint).toContain("the version of flm-train that wrote it");
  });

  test.each(["../shard", "/etc/passwd", "a/b", "a\\b", ".", "..", "a\0b"])(
    "a file outside of the checkpoint: %j",
    (name) => {
      const [file] = manifest().files;
      expect(damage(manifest({ files: [{ ...file!, name }] }))).toContain("files.0.name");
    },
  );

  test("a tensor in a file that the manifest does not list", () => {
    const [tensor] = manifest().tensors;
    expect(damage(manifest({ tensors: [{ ...tensor!, file: "other" }] }))).toContain(
      "embedding.weight is in other, which is not among its files",
    );
  });

  test.each([
    ["offset", 17],
    ["rows", 3],
    ["cols", 2 ** 52],
    ["dtype", "f64"],
  ] as const)("a tensor that reaches beyond its file: %s %j", (key, value) => {
    const [tensor] = manifest().tensors;
    expect(damage(manifest({ tensors: [{ ...tensor!, [key]: value }] }))).toContain(
      "embedding.weight ends beyond shard-00001-of-00001.safetensors",
    );
  });

  test("a tensor that is stated twice", () => {
    const [tensor] = manifest().tensors;
    expect(damage(manifest({ tensors: [tensor!, tensor!] }))).toContain("twice");
  });
});

test("a format that is no number, and has no text of its own", () => {
  expect(() => parse({ format: { toString: false } })).toThrow(/has format \{"toString":false\}/);
});

test("no input makes it throw anything but an FlmError", () => {
  const keys = fc.constantFrom(...(Object.keys(manifest()) as (keyof Manifest)[]), "__proto__");
  fc.assert(
    fc.property(fc.jsonValue(), keys, (value, key) => {
      for (const input of [value, { ...manifest(), [key]: value }])
        try {
          parse(input);
        } catch (error) {
          expect(error).toBeInstanceOf(FlmError);
        }
    }),
  );
});
