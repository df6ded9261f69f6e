#pragma once
// Plain structs as JavaScript values, in the shapes of lib/native/types.ts.
#include <map>
#include <string>
#include <vector>

#include "bindings/devices.h"
#include "bindings/js.h"
#include "core/trace.h"
#include "engine/spec.h"
#include "text/vocabulary.h"

namespace flm::bindings {

Napi::Object device_to_js(Napi::Env env, const DeviceFacts& device);
Napi::Object nccl_facts_to_js(Napi::Env env, const NcclFacts& facts);
Napi::Object device_list_to_js(Napi::Env env, const DeviceList& list);
Napi::Array tensors_to_js(Napi::Env env, const std::vector<TensorInfo>& tensors);
Napi::Array saved_files_to_js(Napi::Env env, const std::vector<SavedFile>& files);
Napi::Object file_hash_to_js(Napi::Env env, const SavedFile& file);
// As the list that AddonEngine.step gives.
Napi::Array step_report_to_js(Napi::Env env, const StepReport& report);
Napi::Object eval_report_to_js(Napi::Env env, const EvalReport& report);
Napi::Array generate_report_to_js(Napi::Env env, const GenerateReport& report);
Napi::Array activations_to_js(Napi::Env env, const std::vector<ActivationRecord>& activations);
Napi::Array trace_to_js(Napi::Env env, const std::map<std::string, Trace::Row>& rows);
Napi::Object vocabulary_to_js(Napi::Env env, const text::Vocabulary& vocabulary);
Napi::Uint32Array uint32s_to_js(Napi::Env env, const std::vector<uint32_t>& values);
Napi::Uint8Array bytes_to_js(Napi::Env env, const std::string& bytes);

}  // namespace flm::bindings
