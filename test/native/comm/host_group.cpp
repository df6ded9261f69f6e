#include "host_group.h"

#include <exception>
#include <mutex>
#include <thread>

#include "cpu/cpu_backend.h"

namespace flm::test {

Listeners::Listeners(int n, const std::vector<int>& host_of) {
  group.job = "test";
  group.timeout_seconds = 30;
  for (int rank = 0; rank < n; ++rank) {
    doors.emplace_back("127.0.0.1");
    HostEndpoint endpoint = doors.back().endpoint();
    if (!host_of.empty()) endpoint.host += " as " + std::to_string(host_of[size_t(rank)]);
    group.peers.push_back(std::move(endpoint));
  }
}

void run_ranks(int n, const RankBody& body, const RankSetup& setup) {
  Listeners listeners(n, setup.host_of);
  std::mutex mutex;
  std::exception_ptr first;
  const auto run = [&](int rank) {
    std::unique_ptr<Communicator> world;
    try {
      const auto device = setup.make_device ? setup.make_device() : std::move(cpu::make_backend(1).device);
      HostGroup group = listeners.group;
      group.rank = rank;
      group.timeout_seconds = setup.timeout_seconds;
      world = setup.make_world(*device, std::move(listeners.doors[size_t(rank)]), group);
      device->watch([communicator = world.get()] { communicator->check(); });
      try {
        body(rank, *world, *device);
      } catch (...) {
        {
          const std::lock_guard lock(mutex);
          if (!first) first = std::current_exception();
        }
        world->abort();
      }
      world.reset();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (int rank = 0; rank < n; ++rank) threads.emplace_back(run, rank);
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace flm::test
