#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "comm/nccl/api.h"

namespace flm::fake_nccl {

using nccl::DataType;
using nccl::Reduction;

size_t size_of(DataType type);

enum class Kind { all_reduce, all_gather, reduce_scatter, broadcast };

struct Collective {
  Kind kind = Kind::all_reduce;
  size_t n = 0;
  DataType type = nccl::kUint8;
  Reduction reduction = nccl::kSum;
  int root = 0;
  bool operator==(const Collective&) const = default;
};

// The ranks that share an id. Its waits end when the calling rank is aborted; like NCCL's kernels, ranks that
// do different things wait for ever.
class Clique {
 public:
  explicit Clique(int size) : size_(size) {}

  int size() const { return size_; }
  void join();
  bool is_complete();
  // A rank will begin nothing more.
  void finalize();
  bool is_final();
  // Returns when all ranks have begun their first operation.
  void connect(const std::atomic<bool>& aborted);

  void run(uint64_t sequence, int rank, const Collective& what, const void* in, void* out,
           const std::atomic<bool>& aborted);
  void send(const void* data, size_t bytes, int from, int to, const std::atomic<bool>& aborted);
  void receive(void* data, size_t bytes, int from, int to, const std::atomic<bool>& aborted);
  // Returns when that rank is aborted.
  void hang(const std::atomic<bool>& aborted);
  void wake();

 private:
  struct Round {
    std::vector<Collective> what;
    std::vector<const void*> in;
    int arrived = 0, computed = 0;
  };
  struct Message {
    const void* data;
    size_t bytes;
    bool taken = false;
  };

  bool leaves(const std::atomic<bool>& aborted);
  std::vector<unsigned char> compute(const Round& round, int rank) const;

  const int size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int joined_ = 0, connected_ = 0, finalized_ = 0;
  bool broken_ = false;
  std::map<uint64_t, Round> rounds_;
  std::map<std::pair<int, int>, std::deque<std::shared_ptr<Message>>> messages_;  // by sender and receiver
};

}  // namespace flm::fake_nccl
