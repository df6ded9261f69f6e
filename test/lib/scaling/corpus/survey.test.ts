import { describe, expect, test } from "vitest";
import { DocumentSample } from "../../../../lib/scaling/corpus/document-sample.ts";
import { CorpusSurvey, SURVEY_DEFAULTS } from "../../../../lib/scaling/corpus/survey.ts";
import { UnitReader } from "../../../../lib/scaling/corpus/units.ts";
import { uniform } from "../../../../lib/scaling/random.ts";
import { failure } from "../../failure.ts";

function survey(texts: readonly string[], options: Partial<typeof SURVEY_DEFAULTS> = {}) {
  const running = new CorpusSurvey({ ...SURVEY_DEFAULTS, ...options });
  for (const text of texts) running.add(Buffer.from(text));
  return running.finish();
}

describe("UnitReader", () => {
  test("words: runs of letters, single Chinese characters, punctuation", () => {
    const reader = new UnitReader("words");
    const [a, comma, b] = Array.from(reader.read(Buffer.from("don't, don't")));
    expect(a).toBe(b);
    expect(comma).not.toBe(a);
    expect(reader.read(Buffer.from("你好you,你"))).toHaveLength(5);
    expect(reader.read(Buffer.from("Ünïcode1 x_y"))).toHaveLength(2);
  });

  test("bytes are themselves", () => {
    expect(Array.from(new UnitReader("bytes").read(Buffer.from("ab")))).toEqual([97, 98]);
  });
});

describe("DocumentSample", () => {
  const documents = Array.from({ length: 2000 }, (_, i) => Buffer.from(String(i).padStart(10)));
  const sampled = (limit: number, seed = 1) => {
    const sample = new DocumentSample(limit, seed);
    for (const document of documents) sample.add(document);
    return sample.documents().map(String);
  };

  test("keeps everything that fits, shuffled", () => {
    const all = sampled(1e6);
    expect([...all].sort()).toEqual(documents.map(String).sort());
    expect(all).not.toEqual(documents.map(String));
    expect(sampled(1e6)).toEqual(all);
    expect(sampled(1e6, 2)).not.toEqual(all);
  });

  test("of more it keeps a fair part within the limit", () => {
    const part = sampled(5000);
    expect(part.length).toBeGreaterThan(200);
    expect(part.length).toBeLessThanOrEqual(500);
    const late = part.filter((text) => Number(text) >= 1000).length;
    expect(late / part.length).toBeGreaterThan(0.4);
    expect(late / part.length).toBeLessThan(0.6);
  });

  test("is never empty", () => {
    expect(sampled(1)).toHaveLength(1);
  });
});

describe("CorpusSurvey", () => {
  test("counts more documents than a call takes arguments", () => {
    const texts = Array.from({ length: 150_000 }, (_, i) => String(i % 10));
    const { growth, documents } = survey(texts, { unit: "bytes", shuffles: 1 });
    expect(documents).toBe(150_000);
    expect(growth.map(({ n, unique }) => [n, unique])).toEqual([[1, 10]]);
  });

  const random = uniform(5);
  const sentence = () =>
    Array.from({ length: 40 }, () => `w${Math.floor(500 * random() ** 3)}`).join(" ");
  const texts = Array.from({ length: 100 }, sentence);

  test("counts documents, copies and units", () => {
    const result = survey([...texts, texts[0]!, texts[0]!, texts[1]!]);
    expect(result).toMatchObject({
      documents: 103,
      duplicate_documents: 3,
      sample: { documents: 103, units: 4120 },
    });
    expect(result.growth.map(({ n }) => n)).toEqual([1, 2, 3, 4, 6, 8, 16]);
    const [words] = result.growth;
    expect(words).toMatchObject({ sequences: 4120, method: "exact" });
    expect(words!.unique_share).toBeCloseTo(words!.unique / 4120, 12);
    expect(words!.gamma_interval!.low).toBeLessThanOrEqual(words!.law!.gamma);
    expect(words!.gamma_interval!.high).toBeGreaterThanOrEqual(words!.law!.gamma);
  });

  test("gives everything again without copies, where there are any", () => {
    const result = survey([...texts, ...texts]);
    expect(result.growth_without_duplicates![0]).toMatchObject({ sequences: 4000 });
    expect(result.growth_without_duplicates![0]!.unique).toBe(result.growth[0]!.unique);
    expect(survey(texts).growth_without_duplicates).toBeNull();
  });

  test("leaves out sequences that are longer than every document", () => {
    expect(survey(["a b c"]).growth.map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  test("the same seed gives the same result", () => {
    expect(survey(texts, { sample_bytes: 5000 })).toEqual(survey(texts, { sample_bytes: 5000 }));
  });

  test("refuses nothing", () => {
    expect(failure(() => survey([])).code).toBe("DATA_EMPTY");
  });
});
