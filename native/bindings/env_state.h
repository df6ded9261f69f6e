#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "bindings/js.h"
#include "bindings/promise_job.h"
#include "bindings/worker.h"

namespace flm::bindings {

// What one environment (the main thread or a worker thread of Node) has of the addon.
//
// Lifetimes, each learned from a crash: there is one thread-safe function per environment and it is never
// released, since Node destroys it at teardown before finalizers run. The cleanup hook is added after it,
// because hooks run last in, first out: threads are cancelled and joined while the function still exists.
// Without the cancel, process.exit() would wait for the whole step.
class EnvState {
 public:
  static void install(Napi::Env env);
  static EnvState& of(Napi::Env env) { return *env.GetInstanceData<EnvState>(); }

  // Makes a worker that the cleanup hook will shut down.
  template <class W, class... Args>
  std::shared_ptr<W> make_worker(Args&&... args) {
    auto worker = std::make_shared<W>(std::forward<Args>(args)...);
    adopt(worker);
    return worker;
  }
  // For jobs that belong to no engine.
  const std::shared_ptr<Worker>& shared_worker();

  // The event loop is kept open between these two.
  void job_started(Napi::Env env);
  void job_settled(Napi::Env env);
  // From any thread: has the job settled on the JS thread.
  void report_done(PromiseJob* job) { done_.NonBlockingCall(job); }

  Napi::FunctionReference create_error;  // (code, message) => Error
  Napi::FunctionReference engine_class, world_class, bpe_trainer_class, bpe_encoder_class;

 private:
  static void settle(Napi::Env env, Napi::Function, std::nullptr_t*, PromiseJob* job);
  using DoneFunction = Napi::TypedThreadSafeFunction<std::nullptr_t, PromiseJob, &EnvState::settle>;

  void adopt(const std::shared_ptr<Worker>& worker);
  void shut_down();

  DoneFunction done_;
  size_t jobs_in_flight_ = 0;
  std::vector<std::weak_ptr<Worker>> workers_;
  std::shared_ptr<Worker> shared_worker_;
};

}  // namespace flm::bindings
