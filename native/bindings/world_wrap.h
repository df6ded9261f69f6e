#pragma once
#include <memory>

#include "bindings/js.h"
#include "bindings/world_host.h"

namespace flm::bindings {

// NativeWorld of lib/native/types.ts.
class WorldWrap final : public Napi::ObjectWrap<WorldWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  // createWorld(bind_address: string): NativeWorld
  static Napi::Value create(const Napi::CallbackInfo& info);
  // The host behind a NativeWorld, or null for null.
  static std::shared_ptr<WorldHost> host_of(const Napi::Value& world);

  explicit WorldWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value endpoint(const Napi::CallbackInfo& info);
  Napi::Value connect(const Napi::CallbackInfo& info);
  Napi::Value sit_out(const Napi::CallbackInfo& info);

  std::shared_ptr<WorldHost> host_;
};

}  // namespace flm::bindings
