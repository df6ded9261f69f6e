#include "bindings/promise_job.h"

#include "bindings/env_state.h"
#include "bindings/errors.h"
#include "core/error.h"

namespace flm::bindings {

PromiseJob::PromiseJob(Napi::Env env, std::shared_ptr<Worker> worker, Napi::Object owner)
    : worker_(std::move(worker)),
      owner_(Napi::Persistent(owner)),
      deferred_(Napi::Promise::Deferred::New(env)) {}

Napi::Value PromiseJob::start(Napi::Env env, std::unique_ptr<PromiseJob> job) {
  EnvState& state = EnvState::of(env);
  const Napi::Promise promise = job->deferred_.Promise();
  PromiseJob* raw = job.get();
  job->worker_->post(job->cancel_, [raw, &state] {
    raw->run();
    state.report_done(raw);
  });
  state.job_started(env);
  job.release();  // NOLINT: the JS thread deletes it after it has been settled
  return promise;
}

void PromiseJob::run() noexcept {
  try {
    FLM_CHECK(!*cancel_, ErrorCode::cancelled, "cancelled before it began");
    work(*cancel_);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void PromiseJob::settle(Napi::Env env) noexcept {
  if (env == nullptr) {
    owner_.SuppressDestruct();
    return;
  }
  worker_->settled();
  // Where the environment is on its way out, even making the result may fail: then nobody awaits it.
  try {
    EnvState::of(env).job_settled(env);
    if (!failure_) {
      try {
        deferred_.Resolve(result(env));
        return;
      } catch (...) {
        failure_ = std::current_exception();
      }
    }
    deferred_.Reject(to_js_error(env, failure_));
  } catch (const Napi::Error&) {
  }
}

}  // namespace flm::bindings
