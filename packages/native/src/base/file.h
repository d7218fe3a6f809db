// Files by position, and files replaced whole. Every failure is an Error with the system's own words, the path and a
// remedy; a missing file is `not_found`, everything else the system refuses is `io`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trivium {

// What changes when a file's content does, without reading it.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // since an epoch of the system's; whoever writes may set it back
  std::int64_t changed_ns = 0;   // of content, name or permissions, which nobody sets back
  std::uint64_t number = 0;      // of the file on its disk (inode)
  std::uint64_t device = 0;      // that disk
};

// A regular file open for reading. Reads carry their position, so any number of threads may share one.
class File {
 public:
  static Result<File> open(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }  // when it was opened
  Result<FileIdentity> identity() const;        // now, of the file that is open, whatever its path leads to meanwhile
  // Exactly `bytes` bytes, or an `io` error (also when the file has become shorter since it was opened).
  Status read_at(std::uint64_t offset, void* destination, std::size_t bytes) const;

 private:
  File(std::string path, int descriptor, std::uint64_t size);
  Error ends_early(std::uint64_t offset, std::size_t bytes) const;
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// The whole file; a `bad_format` error when it is longer than `most_bytes`.
Result<std::string> read_file(const std::string& path, std::uint64_t most_bytes);

// Writes beside `path` under a temporary name; commit() syncs and renames. Without commit() nothing is left behind
// and what was at `path` stays as it was.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(const void* source, std::size_t bytes);
  Status write(std::string_view text) { return write(text.data(), text.size()); }
  std::uint64_t written() const { return written_; }
  Status flush();  // waits until the disk has what was written so far
  Status commit();

 private:
  AtomicFile(std::string path, std::string temporary, int descriptor);
  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
  std::uint64_t written_ = 0;
};

// What the name of AtomicFile's temporary says: the name it will have, and the process that writes it. Nothing for other names.
struct Temporary {
  std::string target;
  std::uint64_t process = 0;
};
std::optional<Temporary> temporary_of(std::string_view name);

Status write_file_atomically(const std::string& path, std::string_view bytes);

enum class PathKind { absent, file, folder, other };
PathKind path_kind(const std::string& path);
// The folder with those above it; an `io` error where it cannot be made.
Status make_folder(const std::string& path);
// Names of what lies in a folder, none where it cannot be read.
std::vector<std::string> names_in(const std::string& folder);
// Where it cannot be removed it stays.
void remove_file(const std::string& path);
// What this user may still write to the disk of a path; 0 where that is unknown.
std::uint64_t free_bytes(const std::string& path);
// What a path lies in, `.` where it names no folder.
std::string folder_of(const std::string& path);

// From errno: what was being done ("read"), to which file.
Error system_error(int error_number, std::string_view action, const std::string& path);

}  // namespace trivium
