// What require() of the addon gives: NativeBinding of lib/native/types.ts.
#include "bindings/bpe_encoder_wrap.h"
#include "bindings/bpe_trainer_wrap.h"
#include "bindings/devices.h"
#include "bindings/engine_wrap.h"
#include "bindings/env_state.h"
#include "bindings/errors.h"
#include "bindings/from_js.h"
#include "bindings/promise_job.h"

#include "bindings/to_js.h"
#include "bindings/world_wrap.h"
#include "comm/fault.h"
#include "core/pulse.h"
#include "cuda/cuda_backend.h"
#include "engine/shard_file.h"

namespace flm::bindings {
namespace {

Napi::Value devices(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return device_list_to_js(info.Env(), list_devices()); });
}

Napi::Value free_bytes_entry(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const DeviceKind kind = read_string(info[0], "kind") == "cuda" ? DeviceKind::cuda : DeviceKind::cpu;
    return Napi::Number::New(info.Env(), double(free_bytes(kind, read_integer(info[1], "index"))));
  });
}

Napi::Value nccl_entry(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return nccl_facts_to_js(info.Env(), nccl_facts(read_integer(info[0], "device_index")));
  });
}

Napi::Value hash_file_entry(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_promise(env, [&] {
    return run_job(
        env, EnvState::of(env).shared_worker(), Napi::Object::New(env),
        [path = read_string(info[0], "path")](const CancelFlag& cancel) { return hash_file(path, &cancel); },
        file_hash_to_js);
  });
}

void abort_worlds(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { abort_all_communicators(read_string(info[0], "reason")); });
}

Napi::Value pulse_of_jobs(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  object["beats"] = double(pulse::beats());
  object["busy"] = pulse::busy();
  return object;
}

void set_error_class(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    FLM_CHECK(info[0].IsFunction(), ErrorCode::invalid_argument, "setErrorClass needs a function");
    EnvState::of(info.Env()).create_error = Napi::Persistent(info[0].As<Napi::Function>());
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  return guarded(env, [&] {
    EnvState::install(env);
    EnvState& state = EnvState::of(env);
    state.engine_class = Napi::Persistent(EngineWrap::define(env));
    state.world_class = Napi::Persistent(WorldWrap::define(env));
    state.bpe_trainer_class = Napi::Persistent(BpeTrainerWrap::define(env));
    state.bpe_encoder_class = Napi::Persistent(BpeEncoderWrap::define(env));

    Napi::Object build = Napi::Object::New(env);
    build["cuda"] = cuda::compiled();
    exports["abi"] = FLM_ABI;
    exports["build"] = build;
    exports["devices"] = Napi::Function::New<devices>(env, "devices");
    exports["freeBytes"] = Napi::Function::New<free_bytes_entry>(env, "freeBytes");
    exports["nccl"] = Napi::Function::New<nccl_entry>(env, "nccl");
    exports["createEngine"] = Napi::Function::New<EngineWrap::create>(env, "createEngine");
    exports["createWorld"] = Napi::Function::New<WorldWrap::create>(env, "createWorld");
    exports["pulse"] = Napi::Function::New<pulse_of_jobs>(env, "pulse");
    exports["abortWorlds"] = Napi::Function::New<abort_worlds>(env, "abortWorlds");
    exports["hashFile"] = Napi::Function::New<hash_file_entry>(env, "hashFile");
    exports["setErrorClass"] = Napi::Function::New<set_error_class>(env, "setErrorClass");
    exports["createBpeTrainer"] = Napi::Function::New<BpeTrainerWrap::create>(env, "createBpeTrainer");
    exports["createBpeEncoder"] = Napi::Function::New<BpeEncoderWrap::create>(env, "createBpeEncoder");
    return exports;
  });
}

}  // namespace

NODE_API_MODULE(flm, init)

}  // namespace flm::bindings
