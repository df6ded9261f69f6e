#pragma once
#include <exception>

#include "bindings/js.h"

namespace flm::bindings {

// The one translator: a C++ exception as an instance of the class that setErrorClass handed over. JavaScript
// exceptions pass unchanged.
Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& failure);

// Body of every synchronous entry. An exception that is not Napi::Error must not leave an entry: it would end
// the process.
template <class Body>
auto guarded(Napi::Env env, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw Napi::Error(env, to_js_error(env, std::current_exception()));
  }
}

// Body of every entry that returns a promise: what it throws becomes a rejection.
template <class Body>
Napi::Value guarded_promise(Napi::Env env, Body&& body) {
  try {
    return body();
  } catch (...) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(to_js_error(env, std::current_exception()));
    return deferred.Promise();
  }
}

}  // namespace flm::bindings
