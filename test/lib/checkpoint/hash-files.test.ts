import { describe, expect, test } from "vitest";
import { type HashFile, searchTogether } from "../../../lib/checkpoint/hash-files.ts";
import { rankTeam } from "./rank-team.ts";

const FILES = ["a", "b", "c", "d", "e"];
const hash: HashFile = async (path) => ({ size: path.length, xxh64: path.padEnd(16, "0") });

/** What each rank returns, and what each has hashed. */
async function onRanks<T>(
  size: number,
  search: Parameters<typeof searchTogether<T>>[3],
  hashFile: HashFile = hash,
) {
  const hashed: string[][] = Array.from({ length: size }, () => []);
  const found = await Promise.all(
    rankTeam(size).map((team) => {
      const counted: HashFile = (path) => {
        hashed[team.rank]!.push(path);
        return hashFile(path);
      };
      return searchTogether(team, size, counted, search);
    }),
  );
  return { found, hashed };
}

describe("searchTogether", () => {
  test.each([1, 2, 3, 8])("hashes every file once, on %i ranks", async (size) => {
    const { found, hashed } = await onRanks(size, (hashFiles) => hashFiles(FILES));
    expect(found[0]).toEqual(await Promise.all(FILES.map(hash)));
    expect(found.slice(1)).toEqual(Array.from({ length: size - 1 }, () => null));
    expect(hashed.flat().toSorted()).toEqual(FILES);
    const counts = hashed.map((paths) => paths.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  test("serves a search that hashes often, or not at all", async () => {
    const often = await onRanks(2, async (hashFiles) => {
      const [a] = await hashFiles(["a", "b"]);
      const [c] = await hashFiles(["c"]);
      return [a!.xxh64[0], c!.xxh64[0], (await hashFiles([])).length];
    });
    expect(often.found).toEqual([["a", "c", 0], null]);
    expect((await onRanks(2, async () => "nothing")).found).toEqual(["nothing", null]);
  });

  test("tells the search of a file that another rank cannot read, and goes on", async () => {
    const failing: HashFile = (path) =>
      path === "b" ? Promise.reject(new Error("cannot read b")) : hash(path);
    const { found } = await onRanks(
      2,
      async (hashFiles) => {
        const reason = await hashFiles(["a", "b"]).catch((error: Error) => error.message);
        return [reason, (await hashFiles(["c"])).length];
      },
      failing,
    );
    expect(found).toEqual([["cannot read b", 1], null]);
  });
});
