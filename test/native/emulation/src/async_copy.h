#pragma once
// cp.async: per thread, a queue of copies in groups. When they land is up to options().async_copy.
namespace flm::emu {
void copy_async(void* shared, const void* global, int bytes, int valid_bytes);
void copy_commit();
void copy_wait(int newest_groups_left_pending);
void drop_copies(void*& pending);
}  // namespace flm::emu
