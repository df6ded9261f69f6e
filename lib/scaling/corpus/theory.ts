import { LOSS_LAWS } from "../loss-law.ts";
import {
  type DataLaw,
  type SkillBounds,
  skillBounds,
  type SkillExponents,
  skillExponents,
} from "./skills.ts";

/** What "Scaling Efficient LLMs" (arXiv 2402.14746) makes of a corpus, by several data laws. */
export interface CorpusTheory {
  tokens: number;
  parameters: number | null;
  laws: (DataLaw & { exponents: SkillExponents; bounds: SkillBounds | null })[];
  versions: typeof THEORY_VERSIONS;
  caveats: typeof THEORY_CAVEATS;
}

const PUBLISHED: readonly DataLaw[] = [
  { name: "Epoch, arXiv 2404.10102", ...dataPart(LOSS_LAWS.epoch) },
  { name: "Hoffmann, arXiv 2203.15556", ...dataPart(LOSS_LAWS.hoffmann) },
];

function dataPart({ B, beta }: { B: number; beta: number }): Omit<DataLaw, "name"> {
  return { B, beta };
}

/**
 * @param parameters of a model to place between the bounds
 * @param own a law fitted to the user's own runs; it comes first
 */
export function corpusTheory(
  tokens: number,
  parameters: number | null,
  own: Omit<DataLaw, "name"> | null,
): CorpusTheory {
  const laws = own === null ? PUBLISHED : [{ name: "yours", ...own }, ...PUBLISHED];
  return {
    tokens,
    parameters,
    laws: laws.map((law) => ({
      ...law,
      exponents: skillExponents(law.beta),
      bounds: law.B === null ? null : skillBounds(law.B, law.beta, tokens, parameters),
    })),
    versions: THEORY_VERSIONS,
    caveats: THEORY_CAVEATS,
  };
}

/** The exponent of N against D and the data to double the skills, as each version of arXiv 2402.14746 states them. */
const THEORY_VERSIONS = [
  { version: "v1", date: "2024-02-22", exponent: "0.58", doubling: "3 to 5 times" },
  { version: "v2", date: "2025-01-06", exponent: "0.24", doubling: "about 18 times" },
  { version: "v3", date: "2025-01-07", exponent: "0.44", doubling: "more than 4 times" },
  {
    version: "v4 to v6",
    date: "2025-09-22 to 2026-01-02",
    exponent: "0.44 to 0.72",
    doubling: "no longer claimed",
  },
] as const;

/** What a reader has to know before using any of these numbers. */
const THEORY_CAVEATS = [
  "0.58 is one published estimate, the first version's, and no rule. The exponent is β of the data law in disguise: 0.45 with Epoch's β.",
  "The derivation here is a reconstruction from the printed exponents. Constants and logarithms are unknown, so bounds are orders of magnitude.",
  "The theory's number of unique sequences is inferred from losses. Literal sequences of context length grow in proportion to the data; only single words and short byte sequences fall into the band. The two must not be equated.",
  "Reviewers of the same theory, submitted as 'Efficient LLM Architectures', found gaps in the lemma that bounds the sequences, and noted that the exponent assumes the empirical fit and that no run exceeds 11 M parameters.",
  "It assumes a corpus without duplicates.",
] as const;
