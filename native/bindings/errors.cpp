#include "bindings/errors.h"

#include <new>

#include "bindings/env_state.h"
#include "core/error.h"

namespace flm::bindings {
namespace {

Napi::Value make_error(Napi::Env env, ErrorCode code, const char* message) {
  const Napi::String code_text = Napi::String::New(env, code_name(code));
  const EnvState& state = EnvState::of(env);
  if (!state.create_error.IsEmpty()) {
    return state.create_error.Call({code_text, Napi::String::New(env, message)});
  }
  const Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", code_text);
  return error.Value();
}

}  // namespace

Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& failure) {
  try {
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      return make_error(env, error.code(), error.what());
    } catch (const std::bad_alloc&) {
      return make_error(env, ErrorCode::out_of_memory, "this process has no memory left");
    } catch (const Napi::Error&) {
      throw;
    } catch (const std::exception& error) {
      return make_error(env, ErrorCode::internal, error.what());
    }
  } catch (const Napi::Error& error) {
    return error.Value();
  }
}

}  // namespace flm::bindings
