#include "comm/nccl/watchdog.h"

#include <algorithm>
#include <exception>
#include <new>
#include <sstream>

namespace flm::nccl {
namespace {

constexpr std::chrono::milliseconds kIdlePause(100), kBusyPause(5);
constexpr std::chrono::microseconds kRoomPause(100);
// An operation that runs for longer is announced to the other ranks.
constexpr double kStallSeconds = 2;
constexpr std::chrono::seconds kGrace(1);
constexpr std::chrono::seconds kAbortLimit(30);
constexpr size_t kOperationsInErrors = 5;

std::string list_ranks(const std::vector<int>& ranks) {
  std::ostringstream text;
  text << (ranks.size() == 1 ? "rank " : "ranks ");
  for (size_t i = 0; i < ranks.size(); ++i) text << (i ? ", " : "") << ranks[i];
  return text.str();
}

}  // namespace

Watchdog::Watchdog(Device& device, std::shared_ptr<host::World> ranks)
    : ranks_(std::move(ranks)), in_flight_(device, ranks_->recorder) {
  watch_.emplace(ranks_->mesh.fault(), [this] { wake(); });
  thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

void Watchdog::wake() noexcept {
  {
    const std::lock_guard lock(mutex_);
  }  // the thread is not between its check and its sleep
  woken_.notify_all();
}

void Watchdog::add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  if (aborted_) ranks_->mesh.fault().check();
  std::erase_if(connections_, [](const auto& gone) { return gone.expired(); });
  connections_.push_back(connection);
}

void Watchdog::wait_for_room() {
  while (in_flight_.is_full()) {
    ranks_->mesh.fault().check();
    std::this_thread::sleep_for(kRoomPause);
  }
}

void Watchdog::wait_for_others() {
  const pulse::Wait waiting;
  while (in_flight_.waits_for_others()) {
    ranks_->mesh.fault().check();
    std::this_thread::sleep_for(kRoomPause);
  }
}

void Watchdog::track(Stream stream, Flight flight) {
  const bool was_idle = in_flight_.is_empty();
  in_flight_.add(stream, std::move(flight));
  if (was_idle) wake();
}

void Watchdog::raise(const Error& error) {
  Fault& fault = ranks_->mesh.fault();
  const auto until = std::chrono::steady_clock::now() + kGrace;
  while (error.code() == ErrorCode::comm_peer_lost && !fault.raised() &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(kBusyPause);
  fault.raise(error.code(), error.what());
}

void Watchdog::run() {
  Fault& fault = ranks_->mesh.fault();
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (fault.raised() && !aborted_) {
      aborted_ = true;
      lock.unlock();
      abort_all();
      lock.lock();
      continue;
    }
    woken_.wait_for(lock, in_flight_.is_empty() ? kIdlePause : kBusyPause);
    if (closing_ || aborted_ || fault.raised()) continue;
    lock.unlock();
    inspect();
    lock.lock();
  }
}

std::vector<std::shared_ptr<Connection>> Watchdog::connections() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> alive;
  for (const auto& connection : connections_)
    if (auto owner = connection.lock()) alive.push_back(std::move(owner));
  return alive;
}

void Watchdog::inspect() {
  try {
    const double stall = std::min(kStallSeconds, ranks_->timeout_seconds / 4);
    const std::vector<Flight> stalled = in_flight_.running_for(stall);
    const bool is_waiting = std::any_of(stalled.begin(), stalled.end(), [](const Flight& flight) {
      return flight.operation.verb != Verb::send;
    });
    if (is_waiting != waiting_.has_value()) is_waiting ? void(waiting_.emplace()) : waiting_.reset();
    for (const Flight& flight : stalled) inspect(flight);
    for (const auto& connection : connections())
      if (const auto error = connection->error()) raise(*error);
  } catch (const Error& error) {
    raise(error);
  } catch (const std::bad_alloc&) {
    ranks_->mesh.fault().raise(ErrorCode::out_of_memory, "no host memory left to watch NCCL");
  }
}

void Watchdog::inspect(const Flight& flight) {
  const std::string what = flight.group + " " + describe(flight.operation);
  const int rank = ranks_->mesh.rank();
  try {
    if (!flight.is_announced) {
      flight.roll_call->announce(flight.operation);
      in_flight_.set_announced(flight.id);
    }
    const std::vector<int> missing = flight.roll_call->missing(flight.operation);
    const std::chrono::duration<double> time = Flight::Clock::now() - flight.running_since;
    // A message may wait for its receiver as long as that likes.
    if (time.count() < ranks_->timeout_seconds || flight.operation.verb == Verb::send) return;
    std::ostringstream text;
    text << "rank " << rank << " of " << ranks_->size << " waited " << ranks_->timeout_seconds << " s in "
         << what << " for " << (missing.empty() ? "NCCL, where all ranks are" : list_ranks(missing))
         << "; its last operations:\n"
         << ranks_->recorder.dump(kOperationsInErrors);
    raise(Error(ErrorCode::comm_timeout, text.str()));
  } catch (const host::Mismatch& mismatch) {
    raise(Error(ErrorCode::comm_mismatch, "the ranks of " + flight.group + " do different things: rank " +
                                              std::to_string(rank) + " is in " + describe(flight.operation) +
                                              ", rank " + std::to_string(mismatch.rank) + " in " +
                                              describe(mismatch.theirs)));
  }
}

void Watchdog::abort_all() noexcept {
  try {
    abort_connections();
  } catch (const std::exception&) {
    // There is no memory, or no thread, for it: a connection's owner aborts it too.
  }
  in_flight_.fail_all();
  waiting_.reset();
}

// Each in a thread of its own, because one after another can wait for each other for ever.
void Watchdog::abort_connections() {
  struct Progress {
    std::mutex mutex;
    std::condition_variable done;
    size_t left = 0;
  };
  const auto progress = std::make_shared<Progress>();
  std::vector<std::shared_ptr<Connection>> all = connections();
  progress->left = all.size();
  for (auto& connection : all) {
    std::thread([connection = std::move(connection), progress]() mutable {
      connection->abort();
      connection.reset();
      const std::lock_guard lock(progress->mutex);
      if (--progress->left == 0) progress->done.notify_all();
    }).detach();
  }
  std::unique_lock lock(progress->mutex);
  progress->done.wait_for(lock, kAbortLimit, [&] { return progress->left == 0; });
}

}  // namespace flm::nccl
