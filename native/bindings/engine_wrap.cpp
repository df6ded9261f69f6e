#include "bindings/engine_wrap.h"

#include <utility>

#include "bindings/env_state.h"
#include "bindings/errors.h"
#include "bindings/from_js.h"
#include "bindings/promise_job.h"
#include "bindings/to_js.h"
#include "bindings/world_wrap.h"
#include "engine/codec.h"

namespace flm::bindings {

Napi::Function EngineWrap::define(Napi::Env env) {
  return DefineClass(env, "NativeEngine",
                     {
                         InstanceAccessor<&EngineWrap::device>("device"),
                         InstanceAccessor<&EngineWrap::memory_bytes>("memory_bytes"),
                         InstanceMethod<&EngineWrap::tensors>("tensors"),
                         InstanceMethod<&EngineWrap::load>("load"),
                         InstanceMethod<&EngineWrap::save>("save"),
                         InstanceMethod<&EngineWrap::save_behind>("saveBehind"),
                         InstanceMethod<&EngineWrap::open_token_files>("openTokenFiles"),
                         InstanceMethod<&EngineWrap::step>("step"),
                         InstanceMethod<&EngineWrap::evaluate>("evaluate"),
                         InstanceMethod<&EngineWrap::generate>("generate"),
                         InstanceMethod<&EngineWrap::activations>("activations"),
                         InstanceMethod<&EngineWrap::trace>("trace"),
                         InstanceMethod<&EngineWrap::cancel>("cancel"),
                         InstanceMethod<&EngineWrap::close>("close"),
                     });
}

EngineWrap::EngineWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

Napi::Value EngineWrap::create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_promise(env, [&] {
    EnvState& state = EnvState::of(env);
    auto spec = read_bytes(info[0], "engine spec");
    const auto host = state.make_worker<EngineHost>(WorldWrap::host_of(info[1]));
    const Napi::Object engine = state.engine_class.New({});
    return run_job(
        env, host, engine,
        [host, spec = std::move(spec)](const CancelFlag&) {
          host->create(read_engine_spec(spec));
          return host;
        },
        // The job keeps the engine, so the pointer stays good.
        [wrap = Unwrap(engine)](Napi::Env, std::shared_ptr<EngineHost> created) -> napi_value {
          wrap->host_ = std::move(created);
          return wrap->Value();
        });
  });
}

EngineHost& EngineWrap::open_host() const {
  FLM_CHECK(host_ && closing_.IsEmpty(), ErrorCode::invalid_argument, "the engine has been closed");
  return *host_;
}

template <class Work, class ToJs>
Napi::Value EngineWrap::run(Napi::Env env, Work work, ToJs to_js) {
  EngineHost& host = open_host();
  return run_job(
      env, host_, Value(),
      [&host, work = std::move(work)](const CancelFlag& cancel) { return host.use(cancel, work); },
      std::move(to_js));
}

Napi::Value EngineWrap::device(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return device_to_js(info.Env(), open_host().device()); });
}

Napi::Value EngineWrap::memory_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), host_ ? double(host_->memory_bytes()) : 0);
}

Napi::Value EngineWrap::tensors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return tensors_to_js(info.Env(), open_host().tensors()); });
}

Napi::Value EngineWrap::load(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(),
        [plan = read_bytes(info[0], "load plan")](Engine& engine) {
          engine.load(read_load_plan(plan));
          return Done();
        },
        undefined);
  });
}

Napi::Value EngineWrap::save(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(),
        [plan = read_bytes(info[0], "save plan")](Engine& engine) {
          return engine.save(read_save_plan(plan));
        },
        saved_files_to_js);
  });
}

Napi::Value EngineWrap::save_behind(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(),
        [plan = read_bytes(info[0], "save plan")](Engine& engine) {
          return engine.snapshot(read_save_plan(plan));
        },
        // The promise takes on the state of this second one.
        [](Napi::Env env, std::vector<FileImage> images) -> napi_value {
          return run_job(
              env, EnvState::of(env).shared_worker(), Napi::Object::New(env),
              [images = std::move(images)](const CancelFlag& cancel) {
                std::vector<SavedFile> saved;
                for (const FileImage& image : images) saved.push_back(write_image(image, &cancel));
                return saved;
              },
              saved_files_to_js);
        });
  });
}

Napi::Value EngineWrap::open_token_files(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(),
        [paths = read_strings(info[0], "paths")](Engine& engine) {
          engine.open_token_files(paths);
          return Done();
        },
        undefined);
  });
}

Napi::Value EngineWrap::step(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(), [input = read_step_input(info[0])](Engine& engine) { return engine.step(input); },
        step_report_to_js);
  });
}

Napi::Value EngineWrap::evaluate(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(), [input = read_eval_input(info[0])](Engine& engine) { return engine.evaluate(input); },
        eval_report_to_js);
  });
}

Napi::Value EngineWrap::generate(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(), [input = read_generate_input(info[0])](Engine& engine) { return engine.generate(input); },
        generate_report_to_js);
  });
}

Napi::Value EngineWrap::activations(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run(
        info.Env(),
        [tokens = read_int32s(info[0], "tokens")](Engine& engine) { return engine.activations(tokens); },
        activations_to_js);
  });
}

Napi::Value EngineWrap::trace(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    EngineHost& host = open_host();
    return run(
        info.Env(),
        [&host, on = read_boolean(info[0], "on")](Engine& engine) { return host.trace(engine, on); },
        trace_to_js);
  });
}

void EngineWrap::cancel(const Napi::CallbackInfo&) {
  // close() has cancelled everything and must itself go through.
  if (host_ && closing_.IsEmpty()) host_->cancel_running();
}

Napi::Value EngineWrap::close(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!closing_.IsEmpty()) return closing_.Value();
  return guarded_promise(env, [&] {
    FLM_CHECK(host_, ErrorCode::invalid_argument, "the engine was never created");
    host_->cancel_all();
    const Napi::Value promise = run_job(
        env, host_, Value(),
        [host = host_.get()](const CancelFlag&) {
          host->destroy();
          return Done();
        },
        [this](Napi::Env env, Done) -> napi_value {
          std::exchange(host_, nullptr)->shut_down();  // its thread has nothing left to do
          return env.Undefined();
        });
    closing_ = Napi::Persistent(promise.As<Napi::Promise>());
    return promise;
  });
}

}  // namespace flm::bindings
