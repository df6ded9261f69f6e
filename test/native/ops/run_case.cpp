#include "ops/run_case.h"

namespace flm::test {

PreparedCase::PreparedCase(const Case& described, const Backend& backend, Precision precision,
                           Precision tested, const Values& given)
    : name_(described.name),
      backend_(backend),
      buffers_(backend, precision, tested, given),
      call_(described.build(buffers_)),
      context_(backend.context()),
      bytes_moved_(buffers_.bytes_moved()) {
  context_.measuring = true;
  call_(context_, *backend.ops);
  context_.measuring = false;
  context_.workspace_bytes = context_.workspace_needed;
  context_.workspace = buffers_.scratch("workspace", context_.workspace_needed).data;
}

void PreparedCase::run() {
  call_(context_, *backend_.ops);
  backend_.device->synchronize(context_.stream);
}

Records run_case(const Case& described, const Backend& backend, Precision precision, Precision tested,
                 const Values& given) {
  PreparedCase prepared(described, backend, precision, tested, given);
  prepared.run();
  return prepared.read_back();
}

Values forward_outputs(const Case& described, const Backend& oracle, Precision tested) {
  Values outputs;
  if (!described.forward) return outputs;
  for (auto& [name, record] : run_case(*described.forward, oracle, kF64, tested, {}))
    if (record.role == Role::output || record.role == Role::in_out) outputs[name] = std::move(record.after);
  return outputs;
}

}  // namespace flm::test
