#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "comm/host/group.h"
#include "comm/nccl/library.h"
#include "core/device.h"

namespace flm::nccl {

// One NCCL communicator. It is non-blocking: NCCL's calls only begin something, which is then asked for until
// it is done, until the time is up, or until this rank's fault, so that no thread is ever stuck within NCCL.
class Connection {
 public:
  Connection(Device& device, std::shared_ptr<const Library> library, std::shared_ptr<host::World> ranks);
  // Ends it in order where nothing went wrong, by abort() otherwise.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Once; collective among the `size` ranks that have this id. Throws Error(comm_timeout), the fault, or
  // NCCL's error.
  void open(const UniqueId& id, int rank, int size);
  // Calls `begin` and returns when NCCL has put all its work on the stream. The first one of a pair of ranks
  // connects them, and so waits for the other. Throws as open() does.
  using Begin = std::function<Result(const Functions&, Handle)>;
  void launch(const Begin& begin);
  // What NCCL has met since; does not wait.
  std::optional<Error> error();
  // Ends the kernels that wait for other ranks. Every later call throws. From any thread, and best for
  // several connections at once: freeing the memory of one may wait for the kernels of another.
  void abort() noexcept;

 private:
  // Asks until what was begun is done.
  void finish(double seconds);
  Error error_of(Result result) const;
  Handle checked_handle() const;
  void close();

  Device& device_;
  const std::shared_ptr<const Library> library_;
  const std::shared_ptr<host::World> ranks_;
  std::mutex mutex_;  // NCCL allows one call at a time
  Handle handle_ = nullptr;
};

}  // namespace flm::nccl
