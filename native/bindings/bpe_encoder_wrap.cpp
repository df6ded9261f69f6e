#include "bindings/bpe_encoder_wrap.h"

#include <utility>

#include "bindings/env_state.h"
#include "bindings/errors.h"
#include "bindings/from_js.h"
#include "bindings/promise_job.h"
#include "bindings/to_js.h"

namespace flm::bindings {
namespace {

Napi::Object encoded_to_js(Napi::Env env, const EncodedDocuments& encoded) {
  Napi::Object object = Napi::Object::New(env);
  object["ids"] = uint32s_to_js(env, encoded.ids);
  object["ends"] = uint32s_to_js(env, encoded.ends);
  return object;
}

}  // namespace

Napi::Function BpeEncoderWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeBpeEncoder",
      {InstanceMethod<&BpeEncoderWrap::encode>("encode"), InstanceMethod<&BpeEncoderWrap::decode>("decode")});
}

Napi::Value BpeEncoderWrap::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return EnvState::of(info.Env()).bpe_encoder_class.New({info[0], info[1], info[2], info[3]});
  });
}

BpeEncoderWrap::BpeEncoderWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    text::EncoderOptions options{.whole_words = read_boolean(info[2], "whole_words"),
                                 .added = read_uint32s(info[3], "added")};
    encoder_ =
        std::make_shared<ParallelEncoder>(read_vocabulary(info[0]), read_split(info[1]), std::move(options));
    worker_ = EnvState::of(info.Env()).make_worker<Worker>();
  });
}

Napi::Value BpeEncoderWrap::encode(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run_job(
        info.Env(), worker_, Value(),
        [encoder = encoder_, text = read_bytes(info[0], "text"),
         ends = read_uint32s(info[1], "ends")](const CancelFlag& cancel) {
          return encoder->encode({reinterpret_cast<const char*>(text.data()), text.size()}, ends, cancel);
        },
        encoded_to_js);
  });
}

Napi::Value BpeEncoderWrap::decode(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto ids = read_uint32s(info[0], "ids");
    return bytes_to_js(info.Env(), encoder_->encoder().decode(ids.data(), ids.size()));
  });
}

}  // namespace flm::bindings
