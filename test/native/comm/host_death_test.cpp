// Ranks in processes of their own, one of which is killed in the middle of its work.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "comm/host/file_descriptor.h"
#include "cpu/cpu_backend.h"
#include "host_group.h"
#include "test.h"

namespace flm::test {
namespace {

struct Child {
  pid_t pid;
  host::FileDescriptor output;
};

// Runs body(write) in a new process; what it writes can be read from `output`. The process ends without any
// clean-up of the parent's.
Child start(const std::function<void(const std::function<void(const std::string&)>&)>& body) {
  int ends[2];
  FLM_CHECK(::pipe(ends) == 0, ErrorCode::io, "cannot open a pipe");
  const pid_t pid = ::fork();
  FLM_CHECK(pid >= 0, ErrorCode::io, "cannot fork");
  if (pid == 0) {
    ::close(ends[0]);
    body([&](const std::string& text) {
      [[maybe_unused]] const ssize_t n = ::write(ends[1], text.data(), text.size());
    });
    ::_exit(0);
  }
  ::close(ends[1]);
  return {pid, host::FileDescriptor(ends[0])};
}

std::string read_to_end(const Child& child) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(child.output.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, size_t(n));
  return text;
}

void check_death(const std::vector<int>& host_of) {
  constexpr int kRanks = 3, kVictim = 1;
  constexpr int64_t kCount = 1 << 20;
  Listeners listeners(kRanks, host_of);
  std::vector<Child> children;
  for (int rank = 0; rank < kRanks; ++rank) {
    children.push_back(start([&](const auto& write) {
      try {
        const auto device = std::move(cpu::make_backend(1).device);
        HostGroup group = listeners.group;
        group.rank = rank;
        const auto world = make_host_communicator(*device, std::move(listeners.doors[size_t(rank)]), group);
        std::vector<float> data(size_t(kCount), 1.f);
        world->barrier();
        write(".");
        for (;;) world->all_reduce({data.data(), DType::f32}, kCount, ReduceOp::max, {});
      } catch (const Error& error) {
        write(std::string(code_name(error.code())) + ": " + error.what());
      }
    }));
  }
  char dot;
  CHECK_EQ(::read(children[kVictim].output.get(), &dot, 1), ssize_t(1));  // it is on its way
  ::kill(children[kVictim].pid, SIGKILL);
  for (int rank = 0; rank < kRanks; ++rank) {
    const std::string text = read_to_end(children[size_t(rank)]);
    int status = 0;
    ::waitpid(children[size_t(rank)].pid, &status, 0);
    if (rank == kVictim) {
      CHECK(WIFSIGNALED(status));
    } else if (text.find("COMM_PEER_LOST") == std::string::npos ||
               text.find("lost rank 1") == std::string::npos) {
      report_failure(__FILE__, __LINE__, "rank " + std::to_string(rank) + " said: " + text);
    }
  }
}

FLM_TEST(host_death_of_a_process_is_named_by_the_others) {
  check_death({0, 0, 0});
  check_death({0, 1, 2});
}

// Descriptors are what could leak: memory has no name, and sockets are abstract.
FLM_TEST(host_groups_leave_no_descriptor_behind) {
  const auto count = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const auto before = count();
  for (int i = 0; i < 3; ++i) {
    run_ranks(3, [](int rank, Communicator& world, Device&) { world.split(rank % 2, 0)->barrier(); },
              {.host_of = {0, 0, 1}});
  }
  CHECK_EQ(count(), before);
}

}  // namespace
}  // namespace flm::test
