import { expect, test } from "vitest";
import { ownAddress } from "../../../../lib/parallel/rendezvous/own-address.ts";

test("the way to a loopback address is one", async () => {
  expect(await ownAddress({ address: "127.0.0.1", port: 29_500 })).toBe("127.0.0.1");
});

test("an address without a route is told", async () => {
  await expect(ownAddress({ address: "255.255.255.255", port: 1 })).rejects.toMatchObject({
    code: "ENVIRONMENT",
  });
});
