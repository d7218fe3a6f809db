// Mappings of Windows, which lets nobody cut a file that is mapped, and nobody write one that is open as here: there is nothing to
// notice. Compiled by the workflow for Windows and by zig.
#include <utility>

#include "base/file.h"
#include "base/mapped_file.h"
#include "base/windows_calls.h"

namespace trivium {

struct MappedFile::Watch {
  HANDLE file = INVALID_HANDLE_VALUE, mapping = nullptr;
  ~Watch() {
    if (mapping != nullptr) CloseHandle(mapping);
    if (file != INVALID_HANDLE_VALUE) CloseHandle(file);
  }
};

MappedFile::MappedFile(std::string path, std::unique_ptr<Watch> watch) : path_(std::move(path)), watch_(std::move(watch)) {}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  auto watch = std::make_unique<Watch>();
  watch->file = CreateFileW(wide(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                            FILE_ATTRIBUTE_NORMAL, nullptr);
  LARGE_INTEGER size{};
  if (watch->file == INVALID_HANDLE_VALUE || !GetFileSizeEx(watch->file, &size))
    return system_error(errno_of_last_error(), "open", path);
  std::shared_ptr<MappedFile> file(new MappedFile(path, std::move(watch)));
  if (size.QuadPart == 0) return std::shared_ptr<const MappedFile>(std::move(file));
  file->watch_->mapping = CreateFileMappingW(file->watch_->file, nullptr, PAGE_READONLY, 0, 0, nullptr);
  if (file->watch_->mapping == nullptr) return system_error(errno_of_last_error(), "map", path);
  file->data_ = static_cast<const std::byte*>(MapViewOfFile(file->watch_->mapping, FILE_MAP_READ, 0, 0, 0));
  if (file->data_ == nullptr) return system_error(errno_of_last_error(), "map", path);
  file->size_ = static_cast<std::size_t>(size.QuadPart);
  return std::shared_ptr<const MappedFile>(std::move(file));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) UnmapViewOfFile(data_);
}

void MappedFile::mark_used() const {
  const HANDLE handle = CreateFileW(wide(path_).c_str(), FILE_WRITE_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                    nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE) return;
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  SetFileTime(handle, nullptr, &now, nullptr);
  CloseHandle(handle);
}

Status MappedFile::check() const {
  LARGE_INTEGER now{};
  const bool sound = GetFileSizeEx(watch_->file, &now) && static_cast<std::size_t>(now.QuadPart) == size_;
  return sound ? Status() : Status(changed());
}

}  // namespace trivium
