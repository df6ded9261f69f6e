#include "comm/nccl/in_flight.h"

namespace flm::nccl {

bool InFlight::is_full() const {
  const std::lock_guard lock(mutex_);
  return count_ >= kMost;
}

bool InFlight::waits_for_others() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, flights] : by_stream_)
    if (!flights.empty() && flights.front().operation.verb != Verb::send) return true;
  return false;
}

bool InFlight::is_empty() const {
  const std::lock_guard lock(mutex_);
  return count_ == 0;
}

void InFlight::add(Stream stream, Flight flight) {
  const std::lock_guard lock(mutex_);
  by_stream_[stream.handle].push_back(std::move(flight));
  ++count_;
}

bool InFlight::advance(Flight& flight) {
  if (!flight.is_running && device_.reached(flight.before)) {
    flight.is_running = true;
    flight.running_since = Flight::Clock::now();
    recorder_.started(flight.id, flight.operation.sequence);
  }
  if (!flight.is_running || !device_.reached(flight.after)) return false;
  recorder_.ended(flight.id, true);
  return true;
}

std::vector<Flight> InFlight::running_for(double seconds) {
  std::vector<Flight> result;
  const std::lock_guard lock(mutex_);
  for (auto& [stream, flights] : by_stream_) {
    while (!flights.empty() && advance(flights.front())) {
      flights.pop_front();
      --count_;
    }
    if (flights.empty() || !flights.front().is_running) continue;
    const std::chrono::duration<double> time = Flight::Clock::now() - flights.front().running_since;
    if (time.count() >= seconds) result.push_back(flights.front());
  }
  return result;
}

void InFlight::set_announced(Recorder::Id id) {
  const std::lock_guard lock(mutex_);
  for (auto& [stream, flights] : by_stream_)
    if (!flights.empty() && flights.front().id == id) flights.front().is_announced = true;
}

void InFlight::fail_all() {
  const std::lock_guard lock(mutex_);
  for (auto& [stream, flights] : by_stream_) {
    for (const Flight& flight : flights) recorder_.ended(flight.id, false);
    flights.clear();
  }
  count_ = 0;
}

}  // namespace flm::nccl
