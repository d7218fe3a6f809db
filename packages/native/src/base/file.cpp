// What files are on every system: errors in words, whole files, moves. file_posix.cpp and file_windows.cpp open, read and replace.
#include "base/file.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

namespace trivium {
namespace {

std::string remedy_for(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return "Check the path; it is relative to the working directory unless it begins with '/'.";
    case EACCES:
    case EPERM: return "Give this user permission for the file and its folders.";
    case ENOSPC:
#ifdef EDQUOT  // Windows has no quotas by that name
    case EDQUOT:
#endif
      return "Free some space on that disk, or choose another folder.";
    case EFBIG: return "The file would exceed this process's limit for file sizes (ulimit -f) or the file system's.";
    case EROFS: return "The file system is read-only; choose another folder.";
    case EMFILE:
    case ENFILE: return "Too many files are open; raise the limit (ulimit -n).";
    default: return "Check that the disk is healthy and the path is a regular file.";
  }
}

// Paths are UTF-8 here, also where the system's own strings are not.
std::filesystem::path system_path(const std::string& path) {
  return std::filesystem::path(std::u8string(path.begin(), path.end()));
}

}  // namespace

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  std::filesystem::directory_iterator entry(system_path(folder), failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    const std::u8string name = entry->path().filename().u8string();
    names.emplace_back(name.begin(), name.end());
  }
  return names;
}

void remove_file(const std::string& path) {
  std::error_code failure;
  std::filesystem::remove(system_path(path), failure);
}

Status make_folder(const std::string& path) {
  std::error_code failure;
  std::filesystem::create_directories(system_path(path), failure);
  if (failure) return system_error(failure.default_error_condition().value(), "make", path);
  return {};
}

std::uint64_t free_bytes(const std::string& path) {
  std::error_code failure;
  const std::filesystem::space_info space = std::filesystem::space(system_path(path), failure);
  return failure ? 0 : space.available;
}

Error system_error(int error_number, std::string_view action, const std::string& path) {
  Error error;
  const bool absent = error_number == ENOENT || error_number == ENOTDIR;
  error.code = absent ? ErrorCode::not_found : ErrorCode::io;
  error.found = std::generic_category().message(error_number);
  error.message = "Cannot " + std::string(action) + " " + path + ": " + error.found;
  error.file = path;
  error.remedy = remedy_for(error_number);
  return error;
}

Error File::ends_early(std::uint64_t offset, std::size_t bytes) const {
  Error error;
  error.code = ErrorCode::io;
  error.message = path_ + " ends before the bytes that were to be read";
  error.file = path_;
  error.expected = "at least " + std::to_string(offset + bytes) + " bytes";
  error.found = "the end at byte " + std::to_string(offset);
  error.remedy = "The file was cut short or is still being written; fetch it again and reopen it.";
  return error;
}

File::File(std::string path, int descriptor, std::uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

Result<std::string> read_file(const std::string& path, std::uint64_t most_bytes) {
  TRIVIUM_TRY_ASSIGN(File file, File::open(path));
  if (file.size() > most_bytes) {
    Error error;
    error.code = ErrorCode::bad_format;
    error.message = path + " is larger than a file of its kind can be";
    error.file = path;
    error.expected = "at most " + std::to_string(most_bytes) + " bytes";
    error.found = std::to_string(file.size()) + " bytes";
    error.remedy = "Check that this is the file you meant.";
    return error;
  }
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  TRIVIUM_TRY(file.read_at(0, text.data(), text.size()));
  return text;
}

AtomicFile::AtomicFile(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      written_(other.written_) {}

std::optional<Temporary> temporary_of(std::string_view name) {
  constexpr std::string_view mark = ".tmp-";
  const std::size_t end = name.rfind(mark);
  if (end == std::string_view::npos) return std::nullopt;
  Temporary temporary{std::string(name.substr(0, end)), 0};
  unsigned serial = 0;
  const char *first = name.data() + end + mark.size(), *last = name.data() + name.size();
  const auto process = std::from_chars(first, last, temporary.process);
  if (process.ec != std::errc() || process.ptr == last || *process.ptr != '-') return std::nullopt;
  const auto number = std::from_chars(process.ptr + 1, last, serial);
  if (number.ec != std::errc() || number.ptr != last) return std::nullopt;
  return temporary;
}

Status write_file_atomically(const std::string& path, std::string_view bytes) {
  TRIVIUM_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TRIVIUM_TRY(file.write(bytes));
  return file.commit();
}

}  // namespace trivium
