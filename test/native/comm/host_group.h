#pragma once
// Several ranks in one test: threads of this process, each with a device and a communicator of its own.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "comm/host/host_group.h"

namespace flm::test {

using RankBody = std::function<void(int rank, Communicator& world, Device& device)>;

struct RankSetup {
  // The CPU backend's device by default; e.g. the oracle's instead. Called in the rank's thread.
  std::function<std::unique_ptr<Device>()> make_device = {};
  // host_of[rank]: ranks with equal numbers share memory, others talk over TCP. Empty: all share.
  std::vector<int> host_of = {};
  double timeout_seconds = 30;
  // The host communicator by default; e.g. NCCL's instead.
  std::function<std::unique_ptr<Communicator>(Device&, HostListener, const HostGroup&)> make_world =
      make_host_communicator;
};

// Runs body on ranks 0..n-1 at once and returns when all have. The first exception of a rank aborts the other
// ranks and is rethrown here.
void run_ranks(int n, const RankBody& body, const RankSetup& setup = {});

// Opens n listeners on the loopback and describes the group they make: group.rank is the caller's to set.
struct Listeners {
  explicit Listeners(int n, const std::vector<int>& host_of = {});
  std::vector<HostListener> doors;
  HostGroup group;
};

}  // namespace flm::test
