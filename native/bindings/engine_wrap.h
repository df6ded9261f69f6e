#pragma once
#include <memory>

#include "bindings/engine_host.h"
#include "bindings/js.h"

namespace flm::bindings {

// NativeEngine of lib/native/types.ts.
class EngineWrap final : public Napi::ObjectWrap<EngineWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  // createEngine(spec: Uint8Array, world: NativeWorld | null): Promise<NativeEngine>
  static Napi::Value create(const Napi::CallbackInfo& info);

  // An engine that is closed; create() gives it its host.
  explicit EngineWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value memory_bytes(const Napi::CallbackInfo& info);
  Napi::Value tensors(const Napi::CallbackInfo& info);
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value save_behind(const Napi::CallbackInfo& info);
  Napi::Value open_token_files(const Napi::CallbackInfo& info);
  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value generate(const Napi::CallbackInfo& info);
  Napi::Value activations(const Napi::CallbackInfo& info);
  Napi::Value trace(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  // Throws when the engine has been closed.
  EngineHost& open_host() const;
  // A job that calls work(engine).
  template <class Work, class ToJs>
  Napi::Value run(Napi::Env env, Work work, ToJs to_js);

  std::shared_ptr<EngineHost> host_;
  Napi::Reference<Napi::Promise> closing_;  // what close() returned, once it has been called
};

}  // namespace flm::bindings
