#include "bindings/world_wrap.h"

#include <utility>

#include "bindings/env_state.h"
#include "bindings/errors.h"
#include "bindings/from_js.h"
#include "bindings/promise_job.h"
#include "engine/groups.h"

namespace flm::bindings {

Napi::Function WorldWrap::define(Napi::Env env) {
  return DefineClass(env, "NativeWorld",
                     {
                         InstanceAccessor<&WorldWrap::endpoint>("endpoint"),
                         InstanceMethod<&WorldWrap::connect>("connect"),
                         InstanceMethod<&WorldWrap::sit_out>("sitOut"),
                     });
}

Napi::Value WorldWrap::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return EnvState::of(info.Env()).world_class.New({info[0]}); });
}

std::shared_ptr<WorldHost> WorldWrap::host_of(const Napi::Value& world) {
  if (world.IsNull() || world.IsUndefined()) return nullptr;
  FLM_CHECK(
      world.IsObject() && world.As<Napi::Object>().InstanceOf(EnvState::of(world.Env()).world_class.Value()),
      ErrorCode::invalid_argument, "world must be null or what createWorld() gave");
  return Unwrap(world.As<Napi::Object>())->host_;
}

WorldWrap::WorldWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    host_ = EnvState::of(info.Env()).make_worker<WorldHost>(read_string(info[0], "bind_address"));
  });
}

Napi::Value WorldWrap::endpoint(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const HostEndpoint& own = host_->endpoint();
    Napi::Object object = Napi::Object::New(info.Env());
    object["host"] = own.host;
    object["unix_name"] = own.unix_name;
    object["address"] = own.address;
    object["port"] = own.port;
    return object;
  });
}

Napi::Value WorldWrap::connect(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    WorldInput input = read_world_input(info[0]);
    return run_job(
        info.Env(), host_, Value(),
        [host = host_.get(), input = std::move(input)](const CancelFlag&) {
          EngineSpec device{};
          device.device = input.device;
          device.device_index = input.device_index;
          device.num_threads = 1;
          host->connect(device, input.group, input.use_nccl);
          return Done();
        },
        undefined);
  });
}

Napi::Value WorldWrap::sit_out(const Napi::CallbackInfo& info) {
  return guarded_promise(info.Env(), [&] {
    return run_job(
        info.Env(), host_, Value(),
        [host = host_.get()](const CancelFlag&) {
          flm::sit_out(host->communicator());
          return Done();
        },
        undefined);
  });
}

}  // namespace flm::bindings
