import { describe, expect, it } from "vitest";
import { firstHost, parseTasksPerNode } from "../../../../lib/parallel/launch/slurm-lists.ts";
import { failure } from "../../failure.ts";

describe("parseTasksPerNode", () => {
  it.each([
    ["4", [4]],
    ["2(x2)", [2, 2]],
    ["4,1(x2)", [4, 1, 1]],
    ["3,1", [3, 1]],
  ])("reads %s", (text, tasks) => expect(parseTasksPerNode("LIST", text)).toEqual(tasks));

  it.each(["", "x", "4,", "4(x)", "4(x1000000000)"])("refuses %j", (text) => {
    expect(failure(() => parseTasksPerNode("LIST", text)).message).toContain(
      `LIST=${JSON.stringify(text)}`,
    );
  });
});

describe("firstHost", () => {
  it.each([
    ["login", "login"],
    ["login,n1", "login"],
    ["n[03-07,9],login", "n03"],
    ["n[7,9]", "n7"],
    ["rack[1-2]node[4-8]", "rack1node4"],
    ["gpu[001-128].cluster.example", "gpu001.cluster.example"],
  ])("of %s is %s", (text, host) => expect(firstHost("LIST", text)).toBe(host));

  it.each(["", ",n1", "n[]", "[a-b]"])("refuses %j", (text) => {
    expect(failure(() => firstHost("LIST", text)).exitCode).toBe(78);
  });
});
