// The functions of NCCL that the communicator uses, and their manners: a new communicator and the first
// operation of each are in progress for a while, and a call meanwhile is an error.
#include <cstring>
#include <set>
#include <string>
#include <thread>

#include "clique.h"
#include "fake_nccl.h"

namespace flm::fake_nccl {
namespace {

using namespace nccl;

struct Comm : std::enable_shared_from_this<Comm> {
  std::shared_ptr<Clique> clique;
  int rank = 0;
  uint64_t operations = 0;
  std::atomic<bool> aborted{false};
  std::atomic<Result> state{kInProgress};
  bool is_opening = true, is_closing = false;
  std::thread connecting;
};

std::mutex mutex;
std::map<std::string, std::shared_ptr<Clique>> cliques;
std::set<std::shared_ptr<Comm>> comms;
Faults faults;
int next_id = 0;

Result forget(Handle handle) {
  std::shared_ptr<Comm> comm = static_cast<Comm*>(handle)->shared_from_this();
  comm->aborted = true;
  comm->clique->wake();
  if (comm->connecting.joinable()) comm->connecting.join();
  const std::lock_guard lock(mutex);
  comms.erase(comm);
  return kSuccess;
}

void put(CudaStream stream, const std::function<void()>& job) {
  if (auto* queue = static_cast<Queue*>(stream))
    queue->enqueue(job);
  else
    job();
}

// Enqueues job(comm, its number); the first one only when all ranks have come so far. What fails, hangs.
template <class Job>
Result launch(Handle handle, CudaStream stream, Job job) {
  const std::shared_ptr<Comm> comm = static_cast<Comm*>(handle)->shared_from_this();
  if (comm->state != kSuccess) return kInvalidUsage;
  if (comm->rank == faults.failing_rank && int(comm->operations) >= faults.working_operations) {
    comm->state = kRemoteError;
    return put(stream, [comm] { comm->clique->hang(comm->aborted); }), kSuccess;
  }
  const auto enqueue = [comm, stream, job, number = comm->operations++] {
    put(stream, [=] { job(*comm, number); });
  };
  if (comm->operations > 1) return enqueue(), kSuccess;
  comm->state = kInProgress;
  comm->connecting = std::thread([comm, enqueue] {
    comm->clique->connect(comm->aborted);
    enqueue();
    comm->state = kSuccess;
  });
  return kInProgress;
}

Result launch_collective(const Collective& what, const void* in, void* out, Handle handle,
                         CudaStream stream) {
  return launch(handle, stream, [=](Comm& comm, uint64_t number) {
    comm.clique->run(number, comm.rank, what, in, out, comm.aborted);
  });
}

}  // namespace
}  // namespace flm::fake_nccl

#define FLM_EXPORT extern "C" __attribute__((visibility("default")))

using namespace flm::fake_nccl;
using namespace flm::nccl;

FLM_EXPORT Faults* flm_fake_nccl_faults() { return &faults; }
FLM_EXPORT int flm_fake_nccl_open_communicators() {
  const std::lock_guard lock(mutex);
  return int(comms.size());
}

FLM_EXPORT Result ncclGetVersion(int* version) { return *version = faults.version, kSuccess; }

FLM_EXPORT Result ncclGetUniqueId(UniqueId* id) {
  const std::lock_guard lock(mutex);
  *id = {};
  std::strcpy(id->bytes, ("fake " + std::to_string(next_id++)).c_str());
  return kSuccess;
}

FLM_EXPORT Result ncclCommInitRankConfig(Handle* handle, int size, UniqueId id, int rank, Config* config) {
  const bool is_config = config && config->size == sizeof(Config) && config->magic == 0xcafebeef &&
                         config->version == unsigned(kOldestVersion) && config->blocking == 0;
  if (!is_config || rank < 0 || rank >= size) return kInvalidArgument;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Clique>& clique = cliques[id.bytes];
  if (!clique) clique = std::make_shared<Clique>(size);
  if (clique->size() != size) return kInvalidArgument;
  auto comm = std::make_shared<Comm>();
  comm->clique = clique;
  comm->rank = rank;
  clique->join();
  comms.insert(comm);
  *handle = comm.get();
  return kInProgress;
}

FLM_EXPORT Result ncclCommGetAsyncError(Handle handle, Result* state) {
  Comm& comm = *static_cast<Comm*>(handle);
  if (comm.is_opening && comm.clique->is_complete() && !faults.never_connects) {
    comm.is_opening = false;
    comm.state = kSuccess;
  }
  if (comm.is_closing && comm.clique->is_final()) comm.state = kSuccess;
  *state = comm.state;
  return kSuccess;
}

// In progress until all ranks have begun it: nccl.h says "globally quiescent".
FLM_EXPORT Result ncclCommFinalize(Handle handle) {
  Comm& comm = *static_cast<Comm*>(handle);
  if (comm.state != kSuccess) return kInvalidUsage;
  comm.is_closing = true;
  comm.clique->finalize();
  return comm.state = kInProgress;
}
FLM_EXPORT Result ncclCommDestroy(Handle handle) { return forget(handle); }
FLM_EXPORT Result ncclCommAbort(Handle handle) {
  {
    const std::lock_guard lock(mutex);
    ++faults.aborts;
  }
  return forget(handle);
}

FLM_EXPORT const char* ncclGetErrorString(Result result) {
  return result == kRemoteError ? "remote process exited or there was a network error" : "some error";
}
FLM_EXPORT const char* ncclGetLastError(Handle) { return ""; }

FLM_EXPORT Result ncclAllReduce(const void* in, void* out, size_t n, DataType type, Reduction reduction,
                                Handle handle, CudaStream stream) {
  return launch_collective({Kind::all_reduce, n, type, reduction}, in, out, handle, stream);
}
FLM_EXPORT Result ncclAllGather(const void* own, void* all, size_t n, DataType type, Handle handle,
                                CudaStream stream) {
  return launch_collective({Kind::all_gather, n, type}, own, all, handle, stream);
}
FLM_EXPORT Result ncclReduceScatter(const void* all, void* own, size_t n, DataType type, Reduction reduction,
                                    Handle handle, CudaStream stream) {
  return launch_collective({Kind::reduce_scatter, n, type, reduction}, all, own, handle, stream);
}
FLM_EXPORT Result ncclBroadcast(const void* in, void* out, size_t n, DataType type, int root, Handle handle,
                                CudaStream stream) {
  return launch_collective({Kind::broadcast, n, type, kSum, root}, in, out, handle, stream);
}
FLM_EXPORT Result ncclSend(const void* data, size_t n, DataType type, int to, Handle handle,
                           CudaStream stream) {
  return launch(handle, stream, [=](Comm& comm, uint64_t) {
    comm.clique->send(data, n * flm::fake_nccl::size_of(type), comm.rank, to, comm.aborted);
  });
}
FLM_EXPORT Result ncclRecv(void* data, size_t n, DataType type, int from, Handle handle, CudaStream stream) {
  return launch(handle, stream, [=](Comm& comm, uint64_t) {
    comm.clique->receive(data, n * flm::fake_nccl::size_of(type), from, comm.rank, comm.aborted);
  });
}
