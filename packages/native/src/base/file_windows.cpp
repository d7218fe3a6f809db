// Files of Windows, by the C runtime's descriptors and the system's reads at a position. Paths are UTF-8. Compiled by the workflow
// for Windows and by zig; see file_posix.cpp for what each function promises.
#include "base/windows_calls.h"
// After windows.h.
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace trivium {

// Longer paths than 260 characters want a prefix that turns every other rule of paths off; apps turn them on by their manifest.
std::wstring wide(const std::string& path) {
  const int length = static_cast<int>(path.size());
  std::wstring out(static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, path.data(), length, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.data(), length, out.data(), static_cast<int>(out.size()));
  return out;
}

int errno_of_last_error() {
  const int code = static_cast<int>(GetLastError());
  const std::error_condition condition = std::system_category().default_error_condition(code);
  return condition.category() == std::generic_category() ? condition.value() : EIO;
}

namespace {

constexpr std::size_t most_bytes_per_call = std::size_t{1} << 30;

HANDLE handle_of(int descriptor) { return reinterpret_cast<HANDLE>(_get_osfhandle(descriptor)); }

// -1 with errno set. Others may read, rename and delete what is open for reading, as on other systems.
int open_handle(const std::string& path, DWORD access, DWORD disposition, int flags) {
  const HANDLE handle = CreateFileW(wide(path).c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                    disposition, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    errno = errno_of_last_error();
    return -1;
  }
  const int descriptor = _open_osfhandle(reinterpret_cast<intptr_t>(handle), flags | _O_BINARY | _O_NOINHERIT);
  if (descriptor < 0) CloseHandle(handle);
  return descriptor;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of("/\\");
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

PathKind path_kind(const std::string& path) {
  const DWORD attributes = GetFileAttributesW(wide(path).c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES) return PathKind::absent;
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return PathKind::folder;
  return (attributes & FILE_ATTRIBUTE_DEVICE) != 0 ? PathKind::other : PathKind::file;
}

File::~File() {
  if (descriptor_ >= 0) _close(descriptor_);
}

Result<File> File::open(const std::string& path) {
  if (path_kind(path) == PathKind::folder) {
    Error error = system_error(EISDIR, "read", path);
    error.expected = "a regular file";
    return error;
  }
  const int descriptor = open_handle(path, GENERIC_READ, OPEN_EXISTING, _O_RDONLY);
  if (descriptor < 0) return system_error(errno, "open", path);
  File file(path, descriptor, 0);
  LARGE_INTEGER size;
  if (GetFileType(handle_of(descriptor)) != FILE_TYPE_DISK || !GetFileSizeEx(handle_of(descriptor), &size)) {
    Error error = system_error(EINVAL, "read", path);
    error.expected = "a regular file";
    return error;
  }
  file.size_ = static_cast<std::uint64_t>(size.QuadPart);
  return file;
}

Status File::read_at(std::uint64_t offset, void* destination, std::size_t bytes) const {
  char* out = static_cast<char*>(destination);
  while (bytes > 0) {
    OVERLAPPED place{};
    place.Offset = static_cast<DWORD>(offset);
    place.OffsetHigh = static_cast<DWORD>(offset >> 32);
    DWORD got = 0;
    const bool read = ReadFile(handle_of(descriptor_), out, static_cast<DWORD>(std::min(bytes, most_bytes_per_call)), &got, &place);
    if (!read && GetLastError() != ERROR_HANDLE_EOF) return system_error(errno_of_last_error(), "read", path_);
    if (got == 0) return ends_early(offset, bytes);
    out += got;
    offset += got;
    bytes -= got;
  }
  return {};
}

Result<FileIdentity> File::identity() const {
  BY_HANDLE_FILE_INFORMATION found{};
  FILE_BASIC_INFO times{};
  if (!GetFileInformationByHandle(handle_of(descriptor_), &found) ||
      !GetFileInformationByHandleEx(handle_of(descriptor_), FileBasicInfo, &times, sizeof times))
    return system_error(errno_of_last_error(), "inspect", path_);
  const auto whole = [](DWORD high, DWORD low) { return std::uint64_t{high} << 32 | low; };
  FileIdentity identity;
  identity.size = whole(found.nFileSizeHigh, found.nFileSizeLow);
  identity.modified_ns = static_cast<std::int64_t>(whole(found.ftLastWriteTime.dwHighDateTime, found.ftLastWriteTime.dwLowDateTime)) * 100;
  identity.changed_ns = static_cast<std::int64_t>(times.ChangeTime.QuadPart) * 100;
  identity.number = whole(found.nFileIndexHigh, found.nFileIndexLow);
  identity.device = found.dwVolumeSerialNumber;
  return identity;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  _close(descriptor_);
  DeleteFileW(wide(temporary_).c_str());
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  static std::atomic<unsigned> serial{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string temporary = path + ".tmp-" + std::to_string(_getpid()) + "-" + std::to_string(serial.fetch_add(1));
    const int descriptor = open_handle(temporary, GENERIC_WRITE, CREATE_NEW, _O_WRONLY);
    if (descriptor >= 0) return AtomicFile(path, temporary, descriptor);
    if (errno != EEXIST) return system_error(errno, "write", path);
  }
  return system_error(EEXIST, "write", path);
}

Status AtomicFile::write(const void* source, std::size_t bytes) {
  const char* in = static_cast<const char*>(source);
  while (bytes > 0) {
    DWORD put = 0;
    const DWORD most = static_cast<DWORD>(std::min(bytes, most_bytes_per_call));
    if (!WriteFile(handle_of(descriptor_), in, most, &put, nullptr)) return system_error(errno_of_last_error(), "write", path_);
    if (put == 0) return system_error(ENOSPC, "write", path_);
    in += put;
    bytes -= put;
    written_ += put;
  }
  return {};
}

Status AtomicFile::flush() {
  if (!FlushFileBuffers(handle_of(descriptor_))) return system_error(errno_of_last_error(), "write", path_);
  return {};
}

// Nothing may have the file open while its name changes: closed first, and the name is the journal's business.
Status AtomicFile::commit() {
  TRIVIUM_TRY(flush());
  _close(std::exchange(descriptor_, -1));
  if (!MoveFileExW(wide(temporary_).c_str(), wide(path_).c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
    const int reason = errno_of_last_error();
    DeleteFileW(wide(temporary_).c_str());
    return system_error(reason, "replace", path_);
  }
  return {};
}

}  // namespace trivium
