#pragma once
#include <memory>

#include "bindings/js.h"
#include "bindings/parallel_encoder.h"
#include "bindings/worker.h"

namespace flm::bindings {

// NativeBpeEncoder of lib/native/types.ts.
class BpeEncoderWrap final : public Napi::ObjectWrap<BpeEncoderWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  // NativeBinding.createBpeEncoder of lib/native/types.ts
  static Napi::Value create(const Napi::CallbackInfo& info);

  explicit BpeEncoderWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value encode(const Napi::CallbackInfo& info);
  Napi::Value decode(const Napi::CallbackInfo& info);

  std::shared_ptr<ParallelEncoder> encoder_;
  std::shared_ptr<Worker> worker_;
};

}  // namespace flm::bindings
