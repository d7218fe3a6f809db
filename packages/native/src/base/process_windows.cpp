#include "base/process.h"

#include "base/windows_calls.h"

namespace trivium {

std::uint64_t process_id() { return GetCurrentProcessId(); }

bool process_lives(std::uint64_t id) {
  if (id == 0 || id > MAXDWORD) return false;
  const HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(id));
  if (process == nullptr) return GetLastError() == ERROR_ACCESS_DENIED;
  const bool lives = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
  CloseHandle(process);
  return lives;
}

}  // namespace trivium
