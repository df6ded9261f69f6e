#pragma once
// The flat binary form in which TypeScript hands over specs and plans: lib/native/encode.ts is its writer.
// Little endian, no padding, fields in the order of engine/spec.h:
//   head     u32 magic, u32 version
//   number   f64, also for integers, booleans (0 or 1) and enumerators (their position)
//   seed     u32 low, u32 high
//   string   u32 bytes, UTF-8
//   list     u32 count, then its elements; lists of i32, u8 and f64 are packed
#include <cstdint>
#include <span>

#include "engine/spec.h"

namespace flm {

// Each throws Error(invalid_argument) that names the byte and the field where the form is violated: bytes
// missing or left over, a count that the rest cannot hold, a number that is no integer, an unknown
// enumerator.
EngineSpec read_engine_spec(std::span<const uint8_t> bytes);
LoadPlan read_load_plan(std::span<const uint8_t> bytes);
SavePlan read_save_plan(std::span<const uint8_t> bytes);

}  // namespace flm
