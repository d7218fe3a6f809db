// Mappings of POSIX systems. A read beyond the end of a mapped file is a SIGBUS: its handler puts zeros where the bytes were and
// marks the mapping. Signals that concern no mapping of ours go to whoever handled them before.
#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/file.h"

namespace trivium {
namespace {

// Read by a signal handler, so nothing but atomics that never move. A place whose end is 0 is free.
struct Place {
  std::atomic<std::uintptr_t> begin{0}, end{0};
  std::atomic<bool> lost{false};
};
constexpr int most_mappings = 256;
std::array<Place, most_mappings> places;
std::mutex places_mutex;  // of those who take and give back, not of the handler
struct sigaction previous;

#if defined(MAP_NORESERVE)
constexpr int zeros = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
#else
constexpr int zeros = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
#endif

bool replace_lost_bytes(std::uintptr_t address) {
  static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);
  for (Place& place : places) {
    const std::uintptr_t end = place.end.load(), begin = place.begin.load();
    // Read again, for a place that was given back and taken in between has the begin of one mapping and the end of another.
    if (address < begin || address >= end || place.end.load() != end) continue;
    place.lost.store(true);
    // To the end, for what lies behind a cut is gone too.
    const std::uintptr_t page = address & ~(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)) - 1);
    return ::mmap(reinterpret_cast<void*>(page), end - page, PROT_READ, zeros, -1, 0) != MAP_FAILED;
  }
  return false;
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  // Of kill(), sigqueue() and the like: no access is behind it, so no address either, and none is tried again.
  const bool sent = info->si_code <= 0 || info->si_code == SI_USER || info->si_code == SI_QUEUE;
  const int kept = errno;
  const bool ours = !sent && replace_lost_bytes(reinterpret_cast<std::uintptr_t>(info->si_addr));
  errno = kept;
  if (ours) return;
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
  if (sent && previous.sa_handler == SIG_IGN) return;
  // The access is tried again, or the signal sent again, and ends the process, as it would have without us.
  ::sigaction(SIGBUS, &previous, nullptr);
  if (sent) ::raise(signal);
}

bool watch_bus_errors() {
  static const bool watching = [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, &action, &previous) == 0;
  }();
  return watching;
}

Place* take_place(std::uintptr_t begin, std::size_t bytes) {
  const std::lock_guard lock(places_mutex);
  for (Place& place : places) {
    if (place.end.load() != 0) continue;
    place.begin.store(begin);
    place.lost.store(false);
    place.end.store(begin + bytes);
    return &place;
  }
  return nullptr;
}

// Size and last writing: not the last reading, which whoever maps a cache file sets.
bool same_content(const struct stat& a, const struct stat& b) {
#if defined(__APPLE__)
  const timespec &first = a.st_mtimespec, &second = b.st_mtimespec;
#else
  const timespec &first = a.st_mtim, &second = b.st_mtim;
#endif
  return a.st_size == b.st_size && first.tv_sec == second.tv_sec && first.tv_nsec == second.tv_nsec;
}

}  // namespace

struct MappedFile::Watch {
  int descriptor = -1;
  struct stat opened {};
  Place* place = nullptr;
  ~Watch() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

MappedFile::MappedFile(std::string path, std::unique_ptr<Watch> watch) : path_(std::move(path)), watch_(std::move(watch)) {}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  auto watch = std::make_unique<Watch>();
  do {
    watch->descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  } while (watch->descriptor < 0 && errno == EINTR);
  if (watch->descriptor < 0 || ::fstat(watch->descriptor, &watch->opened) != 0) return system_error(errno, "open", path);
  if (!S_ISREG(watch->opened.st_mode)) return system_error(EINVAL, "map", path);
  std::shared_ptr<MappedFile> file(new MappedFile(path, std::move(watch)));
  const auto bytes = static_cast<std::size_t>(file->watch_->opened.st_size);
  if (bytes == 0) return std::shared_ptr<const MappedFile>(std::move(file));
  if (!watch_bus_errors()) return system_error(errno, "map", path);
  void* memory = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file->watch_->descriptor, 0);
  if (memory == MAP_FAILED) return system_error(errno, "map", path);
  file->data_ = static_cast<const std::byte*>(memory);
  file->size_ = bytes;
  file->watch_->place = take_place(reinterpret_cast<std::uintptr_t>(memory), bytes);
  if (file->watch_->place == nullptr) {
    Error error = system_error(EMFILE, "map", path);
    error.code = ErrorCode::unsupported;
    return error;
  }
  // Its disk begins to read; a system that does not care loses nothing.
  (void)::posix_madvise(memory, bytes, POSIX_MADV_WILLNEED);
  return std::shared_ptr<const MappedFile>(std::move(file));
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  // First: a fault in whatever the system maps there next is none of ours.
  if (watch_->place != nullptr) watch_->place->end.store(0);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::mark_used() const {
  const timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  (void)::futimens(watch_->descriptor, times);
}

Status MappedFile::check() const {
  struct stat now {};
  const bool sound = (watch_->place == nullptr || !watch_->place->lost.load()) && ::fstat(watch_->descriptor, &now) == 0 &&
                     same_content(now, watch_->opened);
  return sound ? Status() : Status(changed());
}

}  // namespace trivium
