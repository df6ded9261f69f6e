#pragma once
// JavaScript values as plain structs. Everything is copied: no value is referenced off the JS thread. What is
// missing or of the wrong type throws Error(invalid_argument) with the field's path.
#include <cstdint>
#include <string>
#include <vector>

#include "bindings/js.h"
#include "comm/host/host_group.h"
#include "engine/spec.h"
#include "text/split.h"
#include "text/vocabulary.h"

namespace flm::bindings {

std::vector<uint8_t> read_bytes(const Napi::Value& value, const std::string& path);
std::vector<int32_t> read_int32s(const Napi::Value& value, const std::string& path);
std::vector<uint32_t> read_uint32s(const Napi::Value& value, const std::string& path);
std::string read_string(const Napi::Value& value, const std::string& path);
std::vector<std::string> read_strings(const Napi::Value& value, const std::string& path);
int64_t read_integer(const Napi::Value& value, const std::string& path);
bool read_boolean(const Napi::Value& value, const std::string& path);

struct WorldInput {
  DeviceKind device;
  int64_t device_index;
  bool use_nccl;
  HostGroup group;
};
WorldInput read_world_input(const Napi::Value& value);

StepInput read_step_input(const Napi::Value& value);
EvalInput read_eval_input(const Napi::Value& value);
GenerateInput read_generate_input(const Napi::Value& value);

text::Split read_split(const Napi::Value& value);
text::Vocabulary read_vocabulary(const Napi::Value& value);

}  // namespace flm::bindings
