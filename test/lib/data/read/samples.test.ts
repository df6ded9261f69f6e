import { describe, expect, it } from "vitest";
import { documentOf, type Samples } from "../../../../lib/data/read/samples.ts";
import { parquetBytes } from "../parquet-bytes.ts";
import { errorOf, readAll } from "../support.ts";

const jsonl = (...rows: object[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const read = (samples: Samples, ...rows: object[]) =>
  readAll({ "a.jsonl": jsonl(...rows) }, { samples });

/** What is read only in plain brackets, what is learned in angle brackets. */
async function marked(samples: Samples, ...rows: object[]): Promise<string[]> {
  return (await read(samples, ...rows)).map(({ text, parts }) =>
    parts!
      .map(({ end, supervised, special }, i) => {
        const own = text.subarray(i === 0 ? 0 : parts![i - 1]!.end, end);
        const content = `${own}${special === null ? "" : `|${special}`}`;
        return supervised ? `<${content}>` : `[${content}]`;
      })
      .join(""),
  );
}

describe("conversations", () => {
  it("say what to do about content in parts", async () => {
    const parts = [{ type: "text", text: "Hi" }];
    const messages = [
      { role: "user", content: parts },
      { role: "assistant", content: "Hello" },
    ];
    const { message, hint } = await errorOf(() => read("conversation", { messages }));
    expect(message).toContain('a.jsonl:1: field "messages[0].content" holds array, not a string');
    expect(hint).toContain("as one string");
  });

  it("are learned where the assistant speaks, and there with their ends", async () => {
    const messages = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Bye" },
      { role: "assistant", content: "" },
    ];
    expect(await marked("conversation", { messages })).toEqual([
      "[System:\nBe kind.\n][User:\nHi\n][Assistant:\n]<Hello|end>[User:\nBye\n][Assistant:\n]<|end>",
    ]);
    expect(await marked("conversation", { prompt: "1+1", completion: "2" })).toEqual([
      "[User:\n1+1\n][Assistant:\n]<2|end>",
    ]);
  });

  it("end with the assistant's last message, for nothing is learned behind it", async () => {
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Thanks" },
      { role: "system", content: "Closed" },
    ];
    expect(await marked("conversation", { messages })).toEqual([
      "[User:\nHi\n][Assistant:\n]<Hello|end>",
    ]);
    const bad = [...messages, { role: "user", content: 7 }];
    const error = await errorOf(() => read("conversation", { messages: bad }));
    expect(error.message).toMatch(/"messages\[4\]\.content" holds number/);
  });

  it("come from Parquet too", async () => {
    const columns = [
      { name: "prompt", values: ["p"] },
      { name: "completion", values: ["c"] },
    ];
    const [document] = await readAll(
      { "a.parquet": parquetBytes([columns]) },
      { samples: "conversation" },
    );
    expect(document!.text.toString()).toBe("User:\np\nAssistant:\nc");
  });

  it.each([
    [{ text: "x" }, /a\.jsonl:1: field "prompt" is missing/],
    [{ prompt: "x" }, /field "completion" is missing/],
    [{ messages: "x" }, /field "messages" holds string, not a list/],
    [{ messages: [] }, /no message has the role "assistant"/],
    [{ messages: [{ role: "user", content: "x" }] }, /no message has the role "assistant"/],
    [{ messages: [7] }, /field "messages\[0\]" holds number, not an object/],
    [{ messages: [{ role: "bot", content: "x" }] }, /"messages\[0\]\.role" is "bot"/],
    [{ messages: [{ role: "\u001b\u009b", content: "x" }] }, /role" is "\\u001b\\x9b"/],
    [{ messages: [{ role: 7, content: "x" }] }, /"messages\[0\]\.role" holds number, not a string/],
    [{ messages: [{ content: "x" }] }, /"messages\[0\]\.role" is missing/],
    [{ messages: [{ role: "user", content: null }] }, /"messages\[0\]\.content" holds null/],
  ])("name the place of %j", async (row, message) => {
    const error = await errorOf(() => read("conversation", row));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  it("may have integers of Parquet, which JSON lacks, in the wrong place", async () => {
    const fields = { messages: [{ role: 1n, content: "x" }] };
    const row = { fields, where: "a.parquet, row 0", repaired: false };
    const error = await errorOf(() => documentOf(row, "conversation", "text"));
    expect(error).toMatchObject({
      code: "DATA_INVALID",
      message: 'a.parquet, row 0: field "messages[0].role" holds bigint, not a string',
    });
  });
});

describe("propositions", () => {
  const row = { text: "It rains.", proposition: "It is wet.", label: true };

  it("are learned in their label alone", async () => {
    expect(await marked("proposition", row, { proposition: "1 = 2", label: 0 })).toEqual([
      "[It rains.\nIt is wet.\n]<|true>",
      "[1 = 2\n]<|false>",
    ]);
    expect(
      await marked("proposition", { ...row, label: " yes" }, { ...row, label: " no" }),
    ).toEqual(["[It rains.\nIt is wet.\n]< yes>", "[It rains.\nIt is wet.\n]< no>"]);
  });

  it("come from Parquet too", async () => {
    const columns = [
      { name: "text", values: ["t"] },
      { name: "proposition", values: ["p"] },
      { name: "label", values: [1n] },
    ];
    const [document] = await readAll(
      { "a.parquet": parquetBytes([columns]) },
      { samples: "proposition" },
    );
    expect(document!.text.toString()).toBe("t\np\n");
  });

  it.each([
    [{ ...row, label: "" }, /a\.jsonl:1: field "label" holds string, not true, false, 1, 0 or a/],
    [{ ...row, label: 2 }, /field "label" holds number/],
    [{ text: "x", label: 1 }, /field "proposition" is missing/],
    [{ ...row, text: 7 }, /field "text" holds number/],
  ])("name the place of %j", async (bad, message) => {
    const error = await errorOf(() => read("proposition", bad));
    expect(error.message).toMatch(message);
  });
});

describe("null", () => {
  it.each<[Samples, object, string]>([
    [
      "conversation",
      { messages: null, prompt: "a", completion: "b" },
      "[User:\na\n][Assistant:\n]<b|end>",
    ],
    ["proposition", { text: null, proposition: "1 = 2", label: 0 }, "[1 = 2\n]<|false>"],
    [
      "preference",
      { messages: null, prompt: "a", chosen: "b", rejected: "c" },
      "[User:\na\n][Assistant:\n]<b|end>[User:\na\n][Assistant:\n]<c|end>",
    ],
  ])("in a %s is what is missing", async (samples, row, text) => {
    expect(await marked(samples, row)).toEqual([text]);
  });
});

describe("preferences", () => {
  it("are the prompt with either answer, of which the answers alone are compared", async () => {
    expect(await marked("preference", { prompt: "Hi", chosen: "Yes", rejected: "No" })).toEqual([
      "[User:\nHi\n][Assistant:\n]<Yes|end>[User:\nHi\n][Assistant:\n]<No|end>",
    ]);
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
      { role: "user", content: "c" },
    ];
    expect(await marked("preference", { messages, chosen: "d", rejected: "" })).toEqual([
      "[User:\na\n][Assistant:\n][b|end][User:\nc\n][Assistant:\n]<d|end>" +
        "[User:\na\n][Assistant:\n][b|end][User:\nc\n][Assistant:\n]<|end>",
    ]);
  });

  it.each([
    [{ prompt: "x", chosen: "y" }, /a\.jsonl:1: field "rejected" is missing/],
    [{ chosen: "y", rejected: "z" }, /field "prompt" is missing/],
    [{ prompt: "x", chosen: "y", rejected: "y" }, /"chosen" and "rejected" are equal/],
  ])("%j is refused", async (row, message) => {
    const rows = readAll({ "a.jsonl": JSON.stringify(row) }, { samples: "preference" });
    await expect(rows).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringMatching(message),
    });
  });
});
