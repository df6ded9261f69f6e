#include "cpu/task_queue.h"

#include <algorithm>
#include <future>
#include <vector>

#include "core/error.h"
#include "test.h"

namespace flm::test {
namespace {

using cpu::TaskQueue;

FLM_TEST(task_queue_runs_in_order) {
  std::vector<int> done;
  {
    TaskQueue queue;
    for (int i = 0; i < 100; ++i) queue.post([&done, i] { done.push_back(i); });
    queue.synchronize();
    CHECK_EQ(done.size(), size_t(100));
    queue.post([&done] { done.push_back(100); });
  }  // the end of a queue is the end of its tasks
  CHECK_EQ(done.size(), size_t(101));
  CHECK(std::is_sorted(done.begin(), done.end()));
}

FLM_TEST(task_queue_waits_for_one_task_alone) {
  TaskQueue queue;
  std::promise<void> release;
  int x = 0;
  queue.post([&] { x = 1; });
  const TaskQueue::Ticket first = queue.last();
  queue.post([&, open = release.get_future().share()] { open.wait(); });
  queue.wait(first);  // would not return if it waited for the second
  CHECK_EQ(x, 1);
  release.set_value();
  queue.synchronize();
  queue.wait(0);
}

FLM_TEST(task_queue_drops_what_follows_an_error) {
  TaskQueue queue;
  bool ran = false;
  queue.post([] {});
  const TaskQueue::Ticket good = queue.last();
  queue.post([] { fail(ErrorCode::io, "first"); });
  queue.post([&] { ran = true; });
  queue.wait(good);
  CHECK_THROWS(queue.wait(queue.last()), ErrorCode::io);
  CHECK_THROWS(queue.synchronize(), ErrorCode::io);
  CHECK(!ran);
  queue.post([&] { ran = true; });
  queue.synchronize();
  CHECK(ran);
}

}  // namespace
}  // namespace flm::test
