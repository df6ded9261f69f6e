#include "bindings/to_js.h"

#include <array>
#include <cstdio>
#include <cstring>

namespace flm::bindings {
namespace {

template <class Array, class T>
Array typed_array_to_js(Napi::Env env, const T* values, size_t count) {
  Array array = Array::New(env, count);
  if (count > 0) std::memcpy(array.Data(), values, count * sizeof(T));
  return array;
}

template <class Elements, class ToJs>
Napi::Array array_to_js(Napi::Env env, const Elements& elements, ToJs&& to_js) {
  Napi::Array array = Napi::Array::New(env, elements.size());
  uint32_t index = 0;
  for (const auto& element : elements) array[index++] = to_js(element);
  return array;
}

}  // namespace

Napi::Object device_to_js(Napi::Env env, const DeviceFacts& device) {
  Napi::Object object = Napi::Object::New(env);
  object["kind"] = device.info.kind;
  object["index"] = double(device.index);
  object["name"] = device.info.name;
  object["native_bf16"] = device.info.native_bf16;
  object["total_bytes"] = double(device.total_bytes);
  return object;
}

Napi::Object nccl_facts_to_js(Napi::Env env, const NcclFacts& facts) {
  const auto or_null = [&](const std::string& text) -> Napi::Value {
    return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
  };
  Napi::Object object = Napi::Object::New(env);
  object["gpu"] = facts.gpu;
  object["version"] = or_null(facts.version);
  object["reason"] = or_null(facts.reason);
  return object;
}

Napi::Object device_list_to_js(Napi::Env env, const DeviceList& list) {
  Napi::Object object = Napi::Object::New(env);
  object["devices"] =
      array_to_js(env, list.devices, [&](const auto& device) { return device_to_js(env, device); });
  object["no_cuda_reason"] =
      list.no_cuda_reason.empty() ? env.Null() : Napi::String::New(env, list.no_cuda_reason);
  return object;
}

Napi::Array tensors_to_js(Napi::Env env, const std::vector<TensorInfo>& tensors) {
  return array_to_js(env, tensors, [&](const TensorInfo& tensor) {
    Napi::Object object = Napi::Object::New(env);
    object["name"] = tensor.name;
    object["rows"] = double(tensor.rows);
    object["cols"] = double(tensor.cols);
    object["master_dtype"] = name_of(tensor.master_dtype);
    object["state_dtype"] = name_of(tensor.state_dtype);
    return object;
  });
}

Napi::Object file_hash_to_js(Napi::Env env, const SavedFile& file) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(file.xxh64));
  Napi::Object object = Napi::Object::New(env);
  object["size"] = double(file.size);
  object["xxh64"] = hex.data();
  return object;
}

Napi::Array saved_files_to_js(Napi::Env env, const std::vector<SavedFile>& files) {
  return array_to_js(env, files, [&](const SavedFile& file) {
    Napi::Object object = file_hash_to_js(env, file);
    object["path"] = file.path;
    return object;
  });
}

Napi::Array step_report_to_js(Napi::Env env, const StepReport& report) {
  // Names of properties, which V8 looks up each time, were a twelfth of what JavaScript does in a step.
  Napi::Array fields = Napi::Array::New(env, 5);
  fields[0u] = report.loss;
  fields[1u] = report.grad_norm;
  fields[2u] = double(report.targets);
  fields[3u] = report.skipped;
  fields[4u] = report.stop;
  return fields;
}

Napi::Object eval_report_to_js(Napi::Env env, const EvalReport& report) {
  const auto& losses = report.token_losses;
  Napi::Object object = Napi::Object::New(env);
  object["loss_sum"] = report.loss_sum;
  object["targets"] = double(report.targets);
  object["stop"] = report.stop;
  object["token_losses"] =
      losses.empty() ? env.Null() : typed_array_to_js<Napi::Float32Array>(env, losses.data(), losses.size());
  return object;
}

Napi::Array generate_report_to_js(Napi::Env env, const GenerateReport& report) {
  return array_to_js(env, report, [&](const GeneratedRow& row) {
    Napi::Object object = Napi::Object::New(env);
    object["tokens"] = typed_array_to_js<Napi::Int32Array>(env, row.tokens.data(), row.tokens.size());
    object["stopped"] = row.stopped;
    object["full"] = row.full;
    return object;
  });
}

Napi::Array activations_to_js(Napi::Env env, const std::vector<ActivationRecord>& activations) {
  return array_to_js(env, activations, [&](const ActivationRecord& activation) {
    const auto& values = activation.values;
    Napi::Object object = Napi::Object::New(env);
    object["name"] = activation.name;
    object["cols"] = double(activation.cols);
    object["values"] = typed_array_to_js<Napi::Float32Array>(env, values.data(), values.size());
    return object;
  });
}

Napi::Array trace_to_js(Napi::Env env, const std::map<std::string, Trace::Row>& rows) {
  return array_to_js(env, rows, [&](const auto& entry) {
    const auto& [op, row] = entry;
    Napi::Object object = Napi::Object::New(env);
    object["op"] = op;
    object["calls"] = double(row.calls);
    object["seconds"] = row.seconds;
    return object;
  });
}

Napi::Object vocabulary_to_js(Napi::Env env, const text::Vocabulary& vocabulary) {
  std::string bytes;
  std::vector<uint32_t> ends, merges;
  for (const std::string& piece : vocabulary.pieces) {
    bytes += piece;
    ends.push_back(uint32_t(bytes.size()));
  }
  for (const text::Merge& merge : vocabulary.merges) merges.insert(merges.end(), {merge.left, merge.right});
  Napi::Object object = Napi::Object::New(env);
  object["bytes"] = bytes_to_js(env, bytes);
  object["ends"] = uint32s_to_js(env, ends);
  object["merges"] = uint32s_to_js(env, merges);
  return object;
}

Napi::Uint32Array uint32s_to_js(Napi::Env env, const std::vector<uint32_t>& values) {
  return typed_array_to_js<Napi::Uint32Array>(env, values.data(), values.size());
}

Napi::Uint8Array bytes_to_js(Napi::Env env, const std::string& bytes) {
  return typed_array_to_js<Napi::Uint8Array>(env, reinterpret_cast<const uint8_t*>(bytes.data()),
                                             bytes.size());
}

}  // namespace flm::bindings
