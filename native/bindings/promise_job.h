#pragma once
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "bindings/js.h"
#include "bindings/worker.h"

namespace flm::bindings {

// Work on a worker's thread behind a promise. Created, settled and deleted on the JS thread.
class PromiseJob {
 public:
  PromiseJob(Napi::Env env, std::shared_ptr<Worker> worker, Napi::Object owner);
  virtual ~PromiseJob() = default;
  PromiseJob(const PromiseJob&) = delete;
  PromiseJob& operator=(const PromiseJob&) = delete;

  // Hands the job to its worker, which from then on keeps it; returns its promise.
  static Napi::Value start(Napi::Env env, std::unique_ptr<PromiseJob> job);
  // Keeps or breaks the promise and lets go of the owner. JavaScript cannot be run when `env` is null: it is
  // being torn down.
  void settle(Napi::Env env) noexcept;

 protected:
  virtual void work(const CancelFlag& cancel) = 0;
  virtual napi_value result(Napi::Env env) = 0;

 private:
  void run() noexcept;

  std::shared_ptr<Worker> worker_;
  Napi::ObjectReference owner_;  // not collected while its job runs
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<CancelFlag> cancel_ = std::make_shared<CancelFlag>(false);
  std::exception_ptr failure_;
};

// Runs work(cancel) on the worker's thread and resolves to to_js(env, result) on the JS thread. `owner` is
// the object whose method this is.
template <class Work, class ToJs>
Napi::Value run_job(Napi::Env env, std::shared_ptr<Worker> worker, Napi::Object owner, Work work,
                    ToJs to_js) {
  using Result = decltype(work(std::declval<const CancelFlag&>()));
  class Job final : public PromiseJob {
   public:
    Job(Napi::Env env, std::shared_ptr<Worker> worker, Napi::Object owner, Work work, ToJs to_js)
        : PromiseJob(env, std::move(worker), owner), work_(std::move(work)), to_js_(std::move(to_js)) {}

   private:
    void work(const CancelFlag& cancel) override { result_.emplace(work_(cancel)); }
    napi_value result(Napi::Env env) override { return to_js_(env, std::move(*result_)); }

    Work work_;
    ToJs to_js_;
    std::optional<Result> result_;
  };
  return PromiseJob::start(
      env, std::make_unique<Job>(env, std::move(worker), owner, std::move(work), std::move(to_js)));
}

// For jobs that have nothing to tell.
struct Done {};
inline napi_value undefined(Napi::Env env, Done) { return env.Undefined(); }

}  // namespace flm::bindings
