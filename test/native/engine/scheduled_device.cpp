#include "engine/scheduled_device.h"

#include <cstring>
#include <utility>

namespace flm::test {

void ScheduledDevice::number_waits(int left_out) {
  waits_ = 0;
  left_out_ = left_out;
}

bool ScheduledDevice::is_left_out() { return waits_++ == left_out_; }

void ScheduledDevice::post(Stream stream, Job job) {
  static_cast<Queue*>(stream.handle)->push_back(std::move(job));
  while (!eager_.empty() && (!eager_.front().awaited || eager_.front().awaited->reached)) run_first(eager_);
}

void ScheduledDevice::run_first(Queue& queue) {
  const Job job = std::move(queue.front());
  queue.pop_front();
  if (job.awaited) run_until(*job.awaited);
  if (job.run) job.run();
}

// Ends: what comes before a mark was enqueued before it, and so were the marks that it waits for.
void ScheduledDevice::run_until(const Mark& mark) {
  while (!mark.reached) run_first(mark.queue);
}

void ScheduledDevice::finish() {
  while (!eager_.empty()) run_first(eager_);
  for (Queue& queue : queues_)
    while (!queue.empty()) run_first(queue);
}

void ScheduledDevice::release(void* memory) noexcept {
  finish();
  HostDevice::release(memory);
}

void ScheduledDevice::copy(void* to, const void* from, size_t bytes, CopyKind, Stream stream) {
  if (bytes > 0) enqueue(stream, [=] { std::memmove(to, from, bytes); });
}

void ScheduledDevice::fill_zero(void* memory, size_t bytes, Stream stream) {
  if (bytes > 0) enqueue(stream, [=] { std::memset(memory, 0, bytes); });
}

void ScheduledDevice::enqueue(Stream stream, std::function<void()> job) { post(stream, {std::move(job)}); }

Event ScheduledDevice::record(Stream stream) {
  Mark& mark = *marks_.emplace_back(new Mark{*static_cast<Queue*>(stream.handle)});
  enqueue(stream, [&mark] { mark.reached = true; });
  return {&mark};
}

void ScheduledDevice::wait(Stream stream, Event event) {
  if (event.handle && !is_left_out()) post(stream, {{}, static_cast<const Mark*>(event.handle)});
}

bool ScheduledDevice::reached(Event event) {
  return !event.handle || static_cast<const Mark*>(event.handle)->reached;
}

void ScheduledDevice::synchronize(Stream stream) {
  Queue& queue = *static_cast<Queue*>(stream.handle);
  if (&queue == &queues_[size_t(StreamRole::copy)] && is_left_out()) return;
  while (!queue.empty()) run_first(queue);
}

}  // namespace flm::test
