import * as z from "zod";
import { key } from "./key.ts";

/** What `flm-train plan` assumes; training itself does not read it. */
export const hardwareSchema = z.strictObject({
  profile: key(
    z.string().min(1).default("auto"),
    "Device that is planned for: auto (this machine's), cpu, " +
      "a100-80gb, a800-80gb, h100-80gb, h100-pcie-80gb, h200-141gb, b200-180gb.",
  ),
  efficiency: key(
    z.number().gt(0).default(1),
    "Factor on the modelled speed, to calibrate it with a measured one.",
  ),
  availability: key(
    z.number().gt(0).max(1).default(1),
    "Share of the wall time in which the cluster trains.",
  ),
  price_per_gpu_hour: key(
    z.number().min(0).nullable().default(null),
    "Price of a device for an hour; null prints no cost.",
  ),
});
