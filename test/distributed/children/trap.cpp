// Loaded by aim-at.mjs as an addon: sets a trap at the entry of one function of another addon, as a debugger
// sets a breakpoint. The first thread that gets there leaves a file, and then ends its process or stands
// still for ever.
//   FLM_TEST_TRAP_ADDON     the addon's path, as it was opened
//   FLM_TEST_TRAP_ADDRESS   of the function in that file
//   FLM_TEST_TRAP_FILE      what to leave
//   FLM_TEST_TRAP_DEED      kill or hang
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

#if defined(__x86_64__)
constexpr unsigned char kTrap[] = {0xcc};  // int3
#elif defined(__aarch64__)
constexpr unsigned char kTrap[] = {0x00, 0x00, 0x20, 0xd4};  // brk #0
#endif

const char* file;
bool kills;

// Only what a signal handler may call. It never returns, so nobody has to put the code back.
void strike(int) {
  close(open(file, O_CREAT | O_WRONLY, 0644));
  if (kills) kill(getpid(), SIGKILL);
  for (;;) pause();
}

int find_addon(dl_phdr_info* object, size_t, void* base) {
  if (std::strcmp(object->dlpi_name, std::getenv("FLM_TEST_TRAP_ADDON")) != 0) return 0;
  *static_cast<uintptr_t*>(base) = object->dlpi_addr;
  return 1;
}

bool set_trap() {
  uintptr_t base = 0;
  if (!dl_iterate_phdr(find_addon, &base)) return false;
  const uintptr_t address = base + std::strtoull(std::getenv("FLM_TEST_TRAP_ADDRESS"), nullptr, 16);
  const uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE)), begin = address / page * page;
  // Never without execution: other threads run there.
  if (mprotect(reinterpret_cast<void*>(begin), address + sizeof kTrap - begin,
               PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
    return false;
  std::memcpy(reinterpret_cast<void*>(address), kTrap, sizeof kTrap);
  __builtin___clear_cache(reinterpret_cast<char*>(address), reinterpret_cast<char*>(address) + sizeof kTrap);
  return true;
}

}  // namespace

// What Node calls when it has opened this file.
extern "C" void* napi_register_module_v1(void*, void* exports) {
  file = std::getenv("FLM_TEST_TRAP_FILE");
  kills = std::strcmp(std::getenv("FLM_TEST_TRAP_DEED"), "kill") == 0;
  signal(SIGTRAP, strike);
  if (!set_trap()) std::abort();
  return exports;
}
