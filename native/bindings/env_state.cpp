#include "bindings/env_state.h"

#include <memory>

namespace flm::bindings {

void EnvState::install(Napi::Env env) {
  auto owned = std::make_unique<EnvState>();
  EnvState* state = owned.get();
  env.SetInstanceData(owned.release());
  state->done_ = DoneFunction::New(env, "flm", 0, 1);
  state->done_.Unref(env);
  env.AddCleanupHook([](EnvState* ending) { ending->shut_down(); }, state);
}

void EnvState::settle(Napi::Env env, Napi::Function, std::nullptr_t*, PromiseJob* job) {
  job->settle(env);
  delete job;
}

void EnvState::adopt(const std::shared_ptr<Worker>& worker) {
  std::erase_if(workers_, [](const auto& known) { return known.expired(); });
  workers_.push_back(worker);
}

const std::shared_ptr<Worker>& EnvState::shared_worker() {
  if (!shared_worker_) shared_worker_ = make_worker<Worker>();
  return shared_worker_;
}

void EnvState::job_started(Napi::Env env) {
  if (jobs_in_flight_++ == 0) done_.Ref(env);
}

void EnvState::job_settled(Napi::Env env) {
  if (--jobs_in_flight_ == 0) done_.Unref(env);
}

void EnvState::shut_down() {
  std::vector<std::shared_ptr<Worker>> alive;
  for (const auto& known : workers_) {
    if (auto worker = known.lock()) alive.push_back(std::move(worker));
  }
  // All are told before the first is waited for.
  for (const auto& worker : alive) {
    worker->cancel_all();
    worker->abandon();
  }
  for (const auto& worker : alive) worker->shut_down();
}

}  // namespace flm::bindings
