#pragma once
// The race checker. Kernels compiled with -fsanitize=thread call __tsan_read4 and so on for every
// access to memory; race_entry.cpp defines these functions itself, and no sanitizer library is linked.
// In a build without the flag all of this is silent and free.
#include <cstddef>
#include <cstdint>

namespace flm::emu {

bool race_checking();  // true when a kernel file was compiled with -fsanitize=thread
void start_race_checking();
void race_launch(uint32_t first_serial);
void watch_global(void* p, size_t bytes, const char* name);  // cudaMalloc does this
void unwatch_global(void* p);

enum class Access : uint8_t { kRead, kWrite, kAtomic };
void note(Access access, const void* p, size_t bytes, int thread, const void* pc);
void note_read(const void* p, size_t bytes);  // by the running thread
void note_write(const void* p, size_t bytes);
void note_atomic(const void* p, size_t bytes);
void note_read_by(int thread, const void* p, size_t bytes);

}  // namespace flm::emu
