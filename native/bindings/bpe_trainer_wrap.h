#pragma once
#include <memory>

#include "bindings/js.h"
#include "bindings/worker.h"
#include "text/bpe_trainer.h"

namespace flm::bindings {

// NativeBpeTrainer of lib/native/types.ts.
class BpeTrainerWrap final : public Napi::ObjectWrap<BpeTrainerWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  // createBpeTrainer(split: SplitName): NativeBpeTrainer
  static Napi::Value create(const Napi::CallbackInfo& info);

  explicit BpeTrainerWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value add(const Napi::CallbackInfo& info);
  Napi::Value train(const Napi::CallbackInfo& info);

  std::shared_ptr<text::BpeTrainer> trainer_;  // only the worker uses it
  std::shared_ptr<Worker> worker_;
};

}  // namespace flm::bindings
