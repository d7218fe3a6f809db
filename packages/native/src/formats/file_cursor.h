// Sequential reading of little-endian fields with every length checked against what is left of the file.
// Knows nothing of the fields' meaning.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "base/file.h"

namespace trivium {

class FileCursor {
 public:
  explicit FileCursor(const File& file) : file_(file) {}

  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return file_.size() - position_; }
  const std::string& file() const { return file_.path(); }

  // A `bad_format` error that names `field` when the file ends first.
  Status read(void* destination, std::size_t bytes, std::string_view field);
  template <class T>
  Result<T> read(std::string_view field) {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    TRIVIUM_TRY(read(&value, sizeof value, field));
    return value;
  }
  // A 64-bit length, then that many bytes, at most `most_bytes`.
  Result<std::string> read_string(std::string_view field, std::uint64_t most_bytes);

 private:
  const File& file_;
  std::uint64_t position_ = 0;
  std::uint64_t buffer_start_ = 0;
  std::vector<char> buffer_;
};

}  // namespace trivium
