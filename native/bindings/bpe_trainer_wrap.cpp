#include "bindings/bpe_trainer_wrap.h"

#include <limits>
#include <string_view>
#include <utility>

#include "bindings/env_state.h"
#include "bindings/errors.h"
#include "bindings/from_js.h"
#include "bindings/promise_job.h"
#include "bindings/to_js.h"

namespace flm::bindings {
namespace {

struct Trained {
  text::Vocabulary vocabulary;
  uint64_t dropped;
};

Napi::Object trained_to_js(Napi::Env env, const Trained& trained) {
  Napi::Object object = vocabulary_to_js(env, trained.vocabulary);
  object["dropped_words"] = double(trained.dropped);
  return object;
}

}  // namespace

Napi::Function BpeTrainerWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeBpeTrainer",
      {InstanceMethod<&BpeTrainerWrap::add>("add"), InstanceMethod<&BpeTrainerWrap::train>("train")});
}

Napi::Value BpeTrainerWrap::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return EnvState::of(info.Env()).bpe_trainer_class.New({info[0]}); });
}

BpeTrainerWrap::BpeTrainerWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    trainer_ = std::make_shared<text::BpeTrainer>(read_split(info[0]));
    worker_ = EnvState::of(info.Env()).make_worker<Worker>();
  });
}

Napi::Value BpeTrainerWrap::add(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run_job(
        info.Env(), worker_, Value(),
        [trainer = trainer_, text = read_bytes(info[0], "text")](const CancelFlag&) {
          trainer->add({reinterpret_cast<const char*>(text.data()), text.size()});
          return Done();
        },
        undefined);
  });
}

Napi::Value BpeTrainerWrap::train(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    const int64_t vocab_size = read_integer(info[0], "vocab_size");
    FLM_CHECK(vocab_size >= 256 && vocab_size <= std::numeric_limits<int32_t>::max(),
              ErrorCode::invalid_argument, "vocab_size ", vocab_size,
              " must be at least 256, one token for each byte");
    return run_job(
        info.Env(), worker_, Value(),
        [trainer = trainer_, vocab_size](const CancelFlag& cancel) {
          return Trained{trainer->train(uint32_t(vocab_size), [&cancel] { return cancel.load(); }),
                         trainer->dropped()};
        },
        trained_to_js);
  });
}

}  // namespace flm::bindings
