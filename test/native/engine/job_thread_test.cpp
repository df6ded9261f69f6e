#include "engine/job_thread.h"

#include <vector>

#include "test.h"

namespace flm {

FLM_TEST(job_thread_runs_jobs_in_order_and_finishes_them_before_it_closes) {
  std::vector<int> order;
  JobThread thread;
  for (int i = 0; i < 100; ++i) CHECK(thread.post([&order, i] { order.push_back(i); }));
  thread.close();
  CHECK_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) CHECK_EQ(order[size_t(i)], i);
}

FLM_TEST(job_thread_drops_jobs_after_it_closed) {
  JobThread thread;
  thread.close();
  thread.close();
  CHECK(!thread.post([] { CHECK(false); }));
}

}  // namespace flm
