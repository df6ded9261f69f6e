#include "comm/nccl/connection.h"

#include <algorithm>
#include <thread>

#include "core/pulse.h"

namespace flm::nccl {
namespace {

using host::Deadline;

constexpr std::chrono::microseconds kPause(200);
// Most calls are done sooner, and there are several for every layer: a sleep each would be most of their
// time.
constexpr double kBusySeconds = 500e-6;
// A call that has been in NCCL for so long has blocked against all rules, and only an abort will end it.
constexpr double kBlockedSeconds = 5;
constexpr double kSecondsToClose = 10;

ErrorCode code_of(Result result) {
  switch (result) {
    case kUnhandledCudaError:
      return ErrorCode::device_fault;
    case kSystemError:
    case kRemoteError:
      return ErrorCode::comm_peer_lost;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

Connection::Connection(Device& device, std::shared_ptr<const Library> library,
                       std::shared_ptr<host::World> ranks)
    : device_(device), library_(std::move(library)), ranks_(std::move(ranks)) {}

Connection::~Connection() {
  try {
    if (handle_ && !ranks_->mesh.fault().raised()) close();
  } catch (const Error&) {
    // The other ranks may be gone already.
  }
  abort();
}

void Connection::open(const UniqueId& id, int rank, int size) {
  {
    const std::lock_guard lock(mutex_);
    device_.make_current();
    Config config;
    const Result result = library_->functions().ncclCommInitRankConfig(&handle_, size, id, rank, &config);
    if (result != kSuccess && result != kInProgress) throw error_of(result);
  }
  finish(ranks_->timeout_seconds);
}

void Connection::launch(const Begin& begin) {
  {
    const std::lock_guard lock(mutex_);
    ranks_->mesh.fault().check();
    const Result result = begin(library_->functions(), checked_handle());
    if (result == kSuccess) return;
    if (result != kInProgress) throw error_of(result);
  }
  finish(ranks_->timeout_seconds);
}

std::optional<Error> Connection::error() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !handle_) return {};
  Result state = kSuccess;
  const Result result = library_->functions().ncclCommGetAsyncError(handle_, &state);
  if (result == kSuccess && (state == kSuccess || state == kInProgress)) return {};
  return error_of(result == kSuccess ? state : result);
}

void Connection::abort() noexcept {
  const Deadline blocked(kBlockedSeconds);
  std::unique_lock lock(mutex_, std::try_to_lock);
  while (!lock && !blocked.passed()) {
    std::this_thread::sleep_for(kPause);
    [[maybe_unused]] const bool owned = lock.try_lock();
  }
  if (handle_) library_->functions().ncclCommAbort(std::exchange(handle_, nullptr));
}

void Connection::finish(double seconds) {
  const pulse::Wait waiting;
  const Deadline deadline(seconds), busy(kBusySeconds);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      Result state = kSuccess;
      const Result result = library_->functions().ncclCommGetAsyncError(checked_handle(), &state);
      if (result != kSuccess) throw error_of(result);
      if (state == kSuccess) return;
      if (state != kInProgress) throw error_of(state);
    }
    ranks_->mesh.fault().check();
    FLM_CHECK(!deadline.passed(), ErrorCode::comm_timeout, "NCCL did not reach the other ranks within ",
              seconds, " s");
    busy.passed() ? std::this_thread::sleep_for(kPause) : std::this_thread::yield();
  }
}

// In order: what is under way ends, then the memory is freed. The other ranks may be waited for, but not for
// so long that they give up before they are told that this one has ended.
void Connection::close() {
  {
    const std::lock_guard lock(mutex_);
    const Result result = library_->functions().ncclCommFinalize(handle_);
    if (result != kSuccess && result != kInProgress) throw error_of(result);
  }
  finish(std::min(kSecondsToClose, ranks_->timeout_seconds / 4));
  const std::lock_guard lock(mutex_);
  library_->functions().ncclCommDestroy(std::exchange(handle_, nullptr));
}

Error Connection::error_of(Result result) const {
  const Functions& nccl = library_->functions();
  std::string text = std::string("NCCL: ") + nccl.ncclGetErrorString(result);
  // NCCL keeps it for the process: there is one without a communicator too.
  const char* last = nccl.ncclGetLastError(handle_);
  if (last && *last) text += std::string("; ") + last;
  return Error(code_of(result), text);
}

// Null after an abort, whose reason is the fault.
Handle Connection::checked_handle() const {
  if (!handle_) ranks_->mesh.fault().check();
  FLM_CHECK(handle_, ErrorCode::internal, "the NCCL communicator is closed");
  return handle_;
}

}  // namespace flm::nccl
