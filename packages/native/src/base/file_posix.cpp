// Files of POSIX systems. Knows no format; refuses directories, devices and pipes, whose size means nothing.
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace trivium {
namespace {

// Linux moves at most 2 GiB - 4 KiB in one call, macOS refuses more than 2 GiB - 1.
constexpr std::size_t most_bytes_per_call = std::size_t{1} << 30;

int open_retrying(const char* path, int flags, mode_t mode = 0) {
  int descriptor;
  do {
    descriptor = ::open(path, flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// The rename itself must survive a crash too. A file system that cannot sync folders is no reason to fail.
void sync_folder(const std::string& folder) {
  const int descriptor = open_retrying(folder.c_str(), O_RDONLY);
  if (descriptor < 0) return;
  (void)::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

PathKind path_kind(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return PathKind::absent;
  if (S_ISREG(status.st_mode)) return PathKind::file;
  return S_ISDIR(status.st_mode) ? PathKind::folder : PathKind::other;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::open(const std::string& path) {
  // Without O_NONBLOCK the open of a pipe would wait for a writer.
  const int descriptor = open_retrying(path.c_str(), O_RDONLY | O_NONBLOCK);
  if (descriptor < 0) return system_error(errno, "open", path);
  File file(path, descriptor, 0);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return system_error(errno, "inspect", path);
  if (!S_ISREG(status.st_mode)) {
    Error error = system_error(S_ISDIR(status.st_mode) ? EISDIR : EINVAL, "read", path);
    error.expected = "a regular file";
    return error;
  }
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

Status File::read_at(std::uint64_t offset, void* destination, std::size_t bytes) const {
  char* out = static_cast<char*>(destination);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, out, std::min(bytes, most_bytes_per_call), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "read", path_);
    if (got == 0) return ends_early(offset, bytes);
    out += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return {};
}

Result<FileIdentity> File::identity() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return system_error(errno, "inspect", path_);
#if defined(__APPLE__)
  const timespec &modified = status.st_mtimespec, &changed = status.st_ctimespec;
#else
  const timespec &modified = status.st_mtim, &changed = status.st_ctim;
#endif
  const auto ns = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  FileIdentity identity;
  identity.size = static_cast<std::uint64_t>(status.st_size);
  identity.modified_ns = ns(modified);
  identity.changed_ns = ns(changed);
  identity.number = static_cast<std::uint64_t>(status.st_ino);
  identity.device = static_cast<std::uint64_t>(status.st_dev);
  return identity;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  static std::atomic<unsigned> serial{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string temporary =
        path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(serial.fetch_add(1));
    const int descriptor = open_retrying(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (descriptor >= 0) return AtomicFile(path, temporary, descriptor);
    if (errno != EEXIST) return system_error(errno, "write", path);
  }
  return system_error(EEXIST, "write", path);
}

Status AtomicFile::write(const void* source, std::size_t bytes) {
  const char* in = static_cast<const char*>(source);
  while (bytes > 0) {
    const ssize_t put = ::write(descriptor_, in, std::min(bytes, most_bytes_per_call));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return system_error(put < 0 ? errno : ENOSPC, "write", path_);
    in += put;
    bytes -= static_cast<std::size_t>(put);
    written_ += static_cast<std::uint64_t>(put);
  }
  return {};
}

Status AtomicFile::flush() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL) return system_error(errno, "write", path_);
  return {};
}

Status AtomicFile::commit() {
  TRIVIUM_TRY(flush());
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return system_error(errno, "replace", path_);
  // Past the rename the temporary name is gone: only the descriptor is left to release.
  ::close(std::exchange(descriptor_, -1));
  sync_folder(folder_of(path_));
  return {};
}

}  // namespace trivium
