import { bytes, count, counted } from "../format.ts";
import type { CorpusSurveyResult, SequenceGrowth } from "../scaling/corpus/survey.ts";
import type { CorpusTheory } from "../scaling/corpus/theory.ts";
import { textTable } from "./text-table.ts";

/** What `flm-train corpus --json` prints, beside its status. */
export interface CorpusResult extends CorpusSurveyResult {
  theory: CorpusTheory;
}

export function corpusText(result: CorpusResult): string {
  const sections = [
    corpusHeading(result),
    `Unique sequences of n ${result.unit}\n${growthTable(result.growth)}`,
    result.growth_without_duplicates &&
      `Without exact copies of documents\n${growthTable(result.growth_without_duplicates)}`,
    theoryText(result.theory),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

function corpusHeading(result: CorpusResult): string {
  const { documents, duplicate_documents, duplicate_bytes, sample, unit } = result;
  const share = ((100 * duplicate_bytes) / result.bytes).toFixed(1);
  const lines = [
    `${counted(documents, "document", count)}, ${bytes(result.bytes)}; exact copies of others: ${count(duplicate_documents)} (${share} % of the text)`,
  ];
  if (sample.documents < documents)
    lines.push(`counted in a random ${count(sample.documents)} of them, ${bytes(sample.bytes)}`);
  lines.push(`${count(sample.units)} ${unit}`);
  return lines.join("\n");
}

function growthTable(growth: readonly SequenceGrowth[]): string {
  const rows = growth.map(
    ({ n, unique, unique_share, method, law, gamma_interval, repeated_law }) => [
      String(n),
      count(unique),
      unique_share.toFixed(3),
      decimal(law?.gamma),
      gamma_interval ? `${decimal(gamma_interval.low)} to ${decimal(gamma_interval.high)}` : "-",
      decimal(law?.gamma_upper),
      decimal(law?.local_exponent),
      decimal(repeated_law?.gamma),
      method,
      law?.is_single === false ? "no single power law" : "",
    ],
  );
  const head = [
    "n",
    "unique",
    "share",
    "gamma",
    "shuffled",
    "upper half",
    "at the end",
    "seen twice",
  ];
  return textTable([[...head, "method", ""], ...rows]);
}

function theoryText({ tokens, parameters, laws, versions, caveats }: CorpusTheory): string {
  const rows = laws.map(({ name, beta, exponents: e }) => [
    name,
    beta.toFixed(4),
    `${e.middle.toFixed(2)} [${e.lower.toFixed(2)}, ${e.upper.toFixed(2)}]`,
    `${times(e.doubling_least)} to ${times(e.doubling_most)}`,
  ]);
  const verdicts = laws.map(({ name, bounds }) => {
    if (bounds === null) return `${name}: no bounds without --coefficient`;
    if (bounds.status === "refused") return `${name}: no verdict: ${bounds.reason}`;
    const range = `${bounds.lower.toExponential(1)} to ${bounds.upper.toExponential(1)} sequences`;
    return bounds.verdict === null
      ? `${name}: ${range} (--parameters would place a model)`
      : `${name}: N = ${count(parameters!)} is ${bounds.verdict} ${range}, orders of magnitude only`;
  });
  const history = versions.map(
    ({ version, date, exponent, doubling }) =>
      `  ${version} (${date}): exponent ${exponent}; data to double the skills: ${doubling}`,
  );
  return [
    `Scaling theory (arXiv 2402.14746, our reconstruction) at about ${count(tokens)} tokens, a unit counted as one`,
    textTable([["data law", "beta", "gamma", "data to double the skills"], ...rows]),
    ...verdicts,
    "What its versions say:",
    ...history,
    ...caveats.map((caveat) => `- ${caveat}`),
  ].join("\n");
}

function decimal(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(3);
}

function times(factor: number): string {
  return Number.isFinite(factor) ? `${factor.toFixed(2)}×` : "no amount";
}
