#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "comm/nccl/connection.h"
#include "comm/nccl/in_flight.h"
#include "core/pulse.h"

namespace flm::nccl {

// A thread that sees what a rank's own thread cannot while the device works: NCCL's errors, operations that
// do not end, and the fault that the host communicator raises when a rank is gone. Any of these becomes the
// rank's fault, and that ends all connections at once.
class Watchdog {
 public:
  Watchdog(Device& device, std::shared_ptr<host::World> ranks);
  ~Watchdog();

  // Before it is opened; throws the fault.
  void add(const std::shared_ptr<Connection>& connection);
  // Waits while very much lies on the streams.
  void wait_for_room();
  // Waits until what needs other ranks is done: then NCCL may use calls that wait for the device.
  void wait_for_others();
  void track(Stream stream, Flight flight);
  // Makes it the rank's fault, unless there is one by then: a lost rank is better named by who saw it go.
  void raise(const Error& error);

 private:
  void run();
  std::vector<std::shared_ptr<Connection>> connections();
  void inspect();
  void inspect(const Flight& flight);
  void abort_all() noexcept;
  void abort_connections();
  void wake() noexcept;

  const std::shared_ptr<host::World> ranks_;
  InFlight in_flight_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool closing_ = false, aborted_ = false;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::optional<pulse::Wait> waiting_;  // while the device waits for other ranks
  std::optional<FaultWatch> watch_;     // of the members above, as the thread is
  std::thread thread_;
};

}  // namespace flm::nccl
