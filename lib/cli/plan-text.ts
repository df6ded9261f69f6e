import { bytes, count, counted, duration } from "../format.ts";
import type {
  FromScratch,
  GrowthEstimate,
  Plan,
  StageEstimate,
  StageLayouts,
} from "../plan/types.ts";
import type { Calibration } from "../scaling/calibrate.ts";
import { CARBON_ASSUMPTIONS } from "../scaling/cost.ts";
import type { Layout } from "../scaling/layout.ts";
import { RELIABILITY_ASSUMPTIONS } from "../scaling/reliability.ts";
import { textTable } from "./text-table.ts";

/** A plan as a terminal shows it; docs/planning.md says what the columns mean. */
export function planText(name: string, plan: Plan): string {
  const sections = [
    heading(name, plan),
    plan.calibration && calibrationText(plan.calibration),
    stagesTable(plan.stages),
    totalText(plan),
    `Memory of a device\n${memoryTable(plan.stages)}`,
    `Where a step's time goes\n${timeTable(plan.stages)}`,
    `Checkpoints and failures\n${reliabilityTable(plan.stages)}`,
    plan.growth.length > 0 && plan.growth.map(growthText).join("\n"),
    plan.from_scratch && fromScratchText(plan.from_scratch),
    plan.search && plan.search.map(layoutsText).join("\n\n"),
    assumptions(),
    plan.warnings.map((warning) => `warning: ${warning}`).join("\n"),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

function heading(name: string, { hardware }: Plan): string {
  return (
    `${name} on ${hardware.profile}, ${hardware.precision}; ` +
    `efficiency ${round(hardware.efficiency)}, availability ${round(hardware.availability)}\n${hardware.source}`
  );
}

function calibrationText({ efficiency, stages }: Calibration): string {
  const rows = stages.map(({ name, measured_seconds, residual }) => [
    name,
    seconds(measured_seconds),
    signedPercent(residual),
  ]);
  return `Calibrated: efficiency ${round(efficiency)}\n${textTable([["stage", "measured step", "residual"], ...rows])}`;
}

function stagesTable(stages: readonly StageEstimate[]): string {
  const head =
    "stage params tokens steps devices TP·PP·DP batch micro step TFLOP/s MFU tokens/s time";
  const rows = stages.map((stage) => [
    stage.name,
    count(stage.parameters),
    count(stage.tokens),
    String(stage.steps),
    String(stage.devices),
    meshText(stage.layout),
    String(stage.layout.global_batch_size),
    String(stage.layout.micro_batch_size),
    seconds(stage.step_seconds),
    round(stage.tflops_per_gpu),
    percent(stage.mfu),
    count(stage.tokens_per_second),
    days(stage.days),
  ]);
  return textTable([head.split(" "), ...rows]);
}

function totalText({ total, hardware }: Plan): string {
  const money =
    total.cost_usd === null
      ? "hardware.price_per_gpu_hour would price it"
      : `$${dollars(total.cost_usd)} at $${hardware.price_per_gpu_hour} an hour`;
  return [
    `In all ${count(total.tokens)} tokens in ${days(total.days)}, ${hours(total.gpu_hours)}; ${money}`,
    `${flops(total.flops)} by the paper's rule (72 L h² …), ${flops(total.model_flops)} by real shapes`,
    `${round(total.energy_mwh)} MWh at the devices' power limit, ${round(total.co2_tonnes)} t of CO2`,
  ].join("\n");
}

/** Cents where they matter, and what is less than a cent in two digits. */
function dollars(value: number): string {
  if (value > 0 && value < 0.01) return String(Number(value.toPrecision(2)));
  const cents = value > 0 && value < 100 ? 2 : 0;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: cents,
    maximumFractionDigits: cents,
  });
}

function memoryTable(stages: readonly StageEstimate[]): string {
  const head = [
    "stage",
    "parameters",
    "gradients",
    "optimizer",
    "activations",
    "logits",
    "buffers",
  ];
  const rows = stages.map(({ name, memory: m, memory_bytes_per_device }) => [
    name,
    ...[m.parameters, m.gradients, m.optimizer, m.activations, m.logits, m.buffers].map((part) =>
      part === 0 ? "-" : bytes(part),
    ),
    bytes(memory_bytes_per_device),
  ]);
  return textTable([[...head, "in all"], ...rows]);
}

function timeTable(stages: readonly StageEstimate[]): string {
  const parts = Object.keys(stages[0]!.step_breakdown) as (keyof StageEstimate["step_breakdown"])[];
  const used = parts.filter((part) =>
    stages.some(({ step_breakdown, step_seconds }) => step_breakdown[part] > step_seconds * 5e-4),
  );
  const rows = stages.map(({ name, step_breakdown, step_seconds }) => [
    name,
    ...used.map((part) => percent(step_breakdown[part] / step_seconds)),
  ]);
  return textTable([["stage", ...used], ...rows]);
}

function reliabilityTable(stages: readonly StageEstimate[]): string {
  const rows = stages.map(({ name, reliability: r, step_seconds }) => [
    name,
    bytes(r.checkpoint_bytes),
    seconds(r.checkpoint_seconds),
    `${duration(r.best_interval_seconds)} = ${counted(Math.max(1, Math.round(r.best_interval_seconds / step_seconds)), "step")}`,
    r.expected_failures.toPrecision(2),
    percent(r.goodput),
  ]);
  return textTable([
    ["stage", "checkpoint", "to save", "best interval", "failures", "goodput"],
    ...rows,
  ]);
}

function growthText(event: GrowthEstimate): string {
  const changes = (Object.keys(event.from) as (keyof GrowthEstimate["from"])[])
    .filter((key) => event.from[key] !== event.to[key])
    .map((key) => `${key} ${event.from[key]} → ${event.to[key]}`);
  const kept = event.preserving ? "computes the same" : "computes something else";
  return (
    `Growth at step ${event.step}, ${count(event.tokens)} tokens: ` +
    `${count(event.parameters_before)} → ${count(event.parameters_after)} (${changes.join(", ")}); ` +
    `${kept} right after, ramp of ${counted(event.ramp_steps, "step")}`
  );
}

function fromScratchText(other: FromScratch): string {
  const saved = other.days_saved / other.days;
  const time =
    saved >= 0 ? `saves ${percent(saved)} of the time` : `takes ${percent(-saved)} more time`;
  return (
    `Compared with ${other.meaning}:\n` +
    `${days(other.days)} and ${hours(other.gpu_hours)}; this plan is ${other.speed_up.toFixed(2)}× as fast and ${time}`
  );
}

function layoutsText({ stage, devices, layouts, none_for }: StageLayouts): string {
  const on = `${stage} on ${devices} ${devices === 1 ? "device" : "devices"}`;
  if (none_for === "memory")
    return `Layouts of ${on}: none fits into ${devices === 1 ? "its" : "their"} memory`;
  if (none_for === "sizes")
    return `Layouts of ${on}: none, as its batch, layers and heads cannot be shared out evenly among so many`;
  const rows = layouts.map(({ layout, step_seconds, memory_bytes_per_device }) => [
    meshText(layout),
    String(layout.micro_batch_size),
    layout.recompute,
    String(layout.virtual_pipeline_size),
    seconds(step_seconds),
    bytes(memory_bytes_per_device),
  ]);
  const head = ["TP·PP·DP", "micro", "recompute", "interleave", "step", "memory"];
  return `Fastest layouts of ${on}\n${textTable([head, ...rows])}`;
}

function assumptions(): string {
  const { device_hours_between_failures: hours, restart_seconds: restart } =
    RELIABILITY_ASSUMPTIONS;
  const storage = bytes(RELIABILITY_ASSUMPTIONS.storage_bytes_per_second_per_node);
  const { pue, kg_co2_per_kwh } = CARBON_ASSUMPTIONS;
  return (
    `Assumed: a device fails every ${hours} hours, ${storage}/s of storage a node, ${restart} s to restart, ` +
    `PUE ${pue}, ${kg_co2_per_kwh} kg CO2 a kWh`
  );
}

function meshText(layout: Layout): string {
  const { tensor_parallel_size, pipeline_parallel_size, data_parallel_size } = layout;
  return `${tensor_parallel_size}·${pipeline_parallel_size}·${data_parallel_size}`;
}

function seconds(value: number): string {
  return value >= 1
    ? `${value.toFixed(value >= 100 ? 0 : 2)} s`
    : `${(value * 1000).toPrecision(3)} ms`;
}

function days(value: number): string {
  return value >= 1 ? `${value.toFixed(2)} d` : duration(value * 86_400);
}

function hours(value: number): string {
  return `${value >= 100 ? count(value) : value.toPrecision(2)} device hours`;
}

function flops(value: number): string {
  return `${value.toExponential(3)} FLOPs`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function signedPercent(share: number): string {
  return `${share < 0 ? "" : "+"}${percent(share)}`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
