// Verbs on the comm stream, and on devices whose memory the host cannot reach.
#include <algorithm>

#include "comm/recorder.h"
#include "host_group.h"
#include "oracle/host_device.h"
#include "test.h"

namespace flm::test {
namespace {

// Rank 0's verbs on the comm stream cannot end before rank 1 takes part, and that waits for a message which
// rank 0 sends after them: so they do not hold up the caller.
FLM_TEST(host_comm_stream_does_not_hold_up_the_caller) {
  run_ranks(2, [](int rank, Communicator& world, Device& device) {
    const Stream comm = device.stream(StreamRole::comm), compute = device.stream(StreamRole::compute);
    const auto channel = world.split(0, rank);
    std::vector<float> sums(1000, 1.f), all(2000);
    float go = 1;
    if (rank == 1) channel->recv({&go, DType::f32}, 1, 0, compute);
    world.all_reduce({sums.data(), DType::f32}, 1000, ReduceOp::sum, comm);
    world.all_gather({all.data(), DType::f32}, {sums.data(), DType::f32}, 1000, comm);
    const Event gathered = device.record(comm);
    if (rank == 0) channel->send({&go, DType::f32}, 1, 1, compute);
    device.wait(compute, gathered);
    CHECK(all == std::vector<float>(2000, 2.f));
    device.fill_zero(sums.data(), 4000, comm);
    device.copy(all.data(), sums.data(), 4000, CopyKind::device_to_device, comm);
    device.wait(comm, device.record(compute));
    device.synchronize(comm);
    CHECK_EQ(all[999], 0.f);
    CHECK_EQ(all[1000], 2.f);
  });
}

FLM_TEST(host_comm_stream_reports_the_first_error) {
  run_ranks(2, [](int rank, Communicator& world, Device& device) {
    const Stream comm = device.stream(StreamRole::comm);
    float x = 0, go = 0;
    if (rank == 1) {
      world.recv({&go, DType::f32}, 1, 0, {});
      return world.abort();
    }
    world.broadcast({&x, DType::f32}, 1, 1, comm);
    const Event event = device.record(comm);
    world.send({&go, DType::f32}, 1, 1, {});
    CHECK_THROWS(device.wait({}, event), ErrorCode::comm_peer_lost);
    CHECK_THROWS(device.synchronize(comm), ErrorCode::comm_peer_lost);
    device.synchronize(comm);
    CHECK_THROWS(world.broadcast({&x, DType::f32}, 1, 1, comm), ErrorCode::comm_peer_lost);
  });
}

// Memory that reads wrongly unless it is copied to the host: every byte is stored inverted.
class RemoteDevice final : public oracle::HostDevice {
 public:
  bool host_accessible() const override { return false; }
  void copy(void* to, const void* from, size_t bytes, CopyKind, Stream) override {
    for (size_t i = 0; i < bytes; ++i)
      static_cast<uint8_t*>(to)[i] = uint8_t(~static_cast<const uint8_t*>(from)[i]);
  }
};

FLM_TEST(host_stages_the_memory_of_other_devices) {
  const auto body = [](int rank, Communicator& world, Device& device) {
    constexpr int64_t kCount = 5;
    const auto make = [&](const std::vector<int32_t>& values) {
      std::vector<int32_t> remote(values.size());
      device.copy(remote.data(), values.data(), values.size() * 4, CopyKind::host_to_device, {});
      return remote;
    };
    std::vector<int32_t> own = make({rank, 1, 2, 3, 4}), all = make(std::vector<int32_t>(10));
    world.all_gather({all.data(), DType::i32}, {own.data(), DType::i32}, kCount, {});
    CHECK(all == make({0, 1, 2, 3, 4, 1, 1, 2, 3, 4}));
    world.reduce_scatter({own.data(), DType::i32}, {all.data(), DType::i32}, kCount, {});
    CHECK(own == make({2 * rank, 2, 4, 6, 8}));
    world.all_reduce({own.data(), DType::i32}, kCount, ReduceOp::max, {});
    CHECK(own == make({2, 2, 4, 6, 8}));
    own = make({rank, rank, rank, rank, rank});
    world.broadcast({own.data(), DType::i32}, kCount, 1, {});
    CHECK(own == make({1, 1, 1, 1, 1}));
    own = make({rank, 5, 6, 7, 8});
    world.send({own.data(), DType::i32}, kCount, 1 - rank, {});
    world.recv({own.data(), DType::i32}, kCount, 1 - rank, {});
    CHECK(own == make({1 - rank, 5, 6, 7, 8}));
  };
  run_ranks(2, body, {.make_device = [] { return std::make_unique<RemoteDevice>(); }});
}

FLM_TEST(host_flight_record_tells_what_was_done) {
  run_ranks(2, [](int, Communicator& world, Device&) {
    float data[3] = {};
    world.all_reduce({data, DType::f32}, 3, ReduceOp::sum, {});
    world.barrier();
    const std::string record = world.flight_record();
    CHECK(record.find("world all_reduce #0 of 3 f32 (12 bytes, sum) done") != std::string::npos);
    CHECK(record.find("world barrier #1 done") != std::string::npos);
  });
}

FLM_TEST(recorder_keeps_the_newest) {
  Recorder recorder;
  for (size_t i = 0; i < Recorder::kCapacity + 2; ++i) {
    const Recorder::Id id = recorder.queued("g", {});
    if (i == 0) continue;
    recorder.started(id, i);
    recorder.ended(id, i % 2 == 0);
  }
  recorder.ended(0, true);  // long replaced
  const std::string record = recorder.dump();
  CHECK_EQ(size_t(std::count(record.begin(), record.end(), '\n')), Recorder::kCapacity);
  CHECK(record.starts_with("g barrier #2 done"));
  CHECK(recorder.dump(1).starts_with("g barrier #2001 failed"));
}

}  // namespace
}  // namespace flm::test
