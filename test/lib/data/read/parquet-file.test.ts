import { describe, expect, it } from "vitest";
import { type Column, parquetBytes } from "../parquet-bytes.ts";
import { errorOf, readAll } from "../support.ts";

const text = (...values: Column["values"]): Column => ({ name: "text", values });
const texts = async (...args: Parameters<typeof readAll>) =>
  (await readAll(...args)).map((document) => document.text.toString());

describe("Parquet files", () => {
  const other: Column = { name: "id", values: [1n, 2n] };

  it.each(["none", "gzip"] as const)("give a document for each row, codec %s", async (codec) => {
    const bytes = parquetBytes(
      [
        [other, text("one", "中文\0")],
        [other, text("", "last")],
      ],
      codec,
    );
    expect(await texts({ "a.parquet": bytes })).toEqual(["one", "中文\0", "last"]);
    expect(await texts({ "renamed.bin": bytes }, { format: "parquet" })).toHaveLength(3);
  });

  it("take another field", async () => {
    const bytes = parquetBytes([[{ name: "body", values: ["a", "b"] }, text("c", "d")]]);
    expect(await texts({ "a.parquet": bytes }, { field: "body" })).toEqual(["a", "b"]);
  });

  it("say which rows are no UTF-8", async () => {
    const bytes = parquetBytes([[text("fine", Uint8Array.of(0x61, 0xff))]]);
    expect(await readAll({ "a.parquet": bytes })).toMatchObject([
      { repaired: null },
      { repaired: expect.stringMatching(/a\.parquet, row 1$/), text: Buffer.from("a\uFFFD") },
    ]);
  });

  it("have values of UTF-8, whatever they begin with", async () => {
    const utf16 = Uint8Array.of(0xff, 0xfe, 0x61, 0x62);
    const bytes = parquetBytes([[text("\uFEFFmarked", utf16)]]);
    expect(await texts({ "a.parquet": bytes })).toEqual(["\uFEFFmarked", "\uFFFD\uFFFDab"]);
  });

  it("may lack a value that a sample does not need", async () => {
    const columns = [
      text(null),
      { name: "proposition", values: ["p"] },
      { name: "label", values: [1n] },
    ];
    const files = { "a.parquet": parquetBytes([columns]) };
    expect(await texts(files, { samples: "proposition" })).toEqual(["p\n"]);
  });

  it.each([
    ["missing value", text(null), /a\.parquet, row 1: field "text" holds null, not a string/],
    ["number", { name: "text", values: [7n] }, /a\.parquet, row 0: field "text" holds bigint/],
  ] as [string, Column, RegExp][])("name the row with a %s", async (_, column, message) => {
    const groups = column.values[0] === null ? [[text("x")], [column]] : [[column]];
    const error = await errorOf(() => readAll({ "a.parquet": parquetBytes(groups) }));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(message);
  });

  it("name the columns that there are", async () => {
    const bytes = parquetBytes([[{ name: "body", values: ["x"] }, other]]);
    const error = await errorOf(() => readAll({ "a.parquet": bytes }));
    expect(error.message).toMatch(/a\.parquet has no column text/);
    expect(error.hint).toContain("body, id");
  });

  it("name no field to choose where a conversation has others than text", async () => {
    const bytes = parquetBytes([[{ name: "conversations", values: ["x"] }, other]]);
    const read = () => readAll({ "a.parquet": bytes }, { samples: "conversation" });
    const { message, hint } = await errorOf(read);
    expect(message).toMatch(/a\.parquet has no column messages or prompt or completion/);
    expect(hint).toContain("conversations, id");
    expect(hint).not.toContain("--field");
  });

  it("are refused where a row group has more rows than memory takes", async () => {
    const group = [{ name: "text", values: ["one"], claimed: 2 ** 23 + 1 }];
    const error = await errorOf(() => readAll({ "a.parquet": parquetBytes([group]) }));
    expect(error.message).toMatch(
      /a\.parquet, row group 0: column "text" has 8388609 values, above the limit of 8388608$/,
    );
    expect(error.hint).toContain("smaller row groups");
  });

  it("are refused with their name and the row group when they are damaged", async () => {
    const whole = parquetBytes([[text("one")], [text("two ".repeat(500))]], "gzip");
    const noFooter = await errorOf(() => readAll({ "a.parquet": whole.subarray(0, -9) }));
    expect(noFooter.message).toMatch(/a\.parquet cannot be read as Parquet: .*footer/);
    const empty = await errorOf(() => readAll({ "a.parquet": "" }));
    expect(empty).toMatchObject({ code: "DATA_INVALID" });
    expect(empty.message).toMatch(/a\.parquet cannot be read as Parquet: it has 0 bytes/);
    const damaged = Buffer.from(whole);
    const page = damaged.lastIndexOf(Buffer.from([0x1f, 0x8b]));
    damaged.fill(0xff, page + 10, page + 40);
    const error = await errorOf(() => readAll({ "a.parquet": damaged }));
    expect(error.message).toMatch(
      /a\.parquet, row group 1, columns text cannot be read as Parquet/,
    );
    expect(error.hint).toBeTruthy();
  });
});
