#pragma once
// Signs of life of this process's engines, for a watcher that must not wait for them: a job that never ends
// leaves the rest of the process as lively as before.
#include <cstdint>

namespace flm::pulse {

// A unit of work is done: a micro-batch in one pass, a tensor loaded, a token written. From any thread.
void beat() noexcept;
// How many there have been.
uint64_t beats() noexcept;

// True while a job runs that does not wait for other ranks: then beats are to be expected. A wait for other
// ranks has a limit of its own, and says nothing about this one.
bool busy() noexcept;

// For as long as a job runs.
class Job {
 public:
  Job() noexcept;
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
};

// For as long as this rank waits for others.
class Wait {
 public:
  Wait() noexcept;
  ~Wait();
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
};

}  // namespace flm::pulse
