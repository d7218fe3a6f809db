#include "formats/file_cursor.h"

#include <algorithm>

#include "formats/errors.h"

namespace trivium {
namespace {

constexpr std::size_t buffer_bytes = 1 << 16;

}  // namespace

Status FileCursor::read(void* destination, std::size_t bytes, std::string_view field) {
  if (bytes > remaining()) {
    return bad_format({file(), field}, "the file ends inside this field", std::to_string(bytes) + " more bytes",
                      std::to_string(remaining()) + " bytes");
  }
  const bool buffered = position_ >= buffer_start_ && position_ + bytes <= buffer_start_ + buffer_.size();
  if (!buffered) {
    if (bytes >= buffer_bytes) {
      TRIVIUM_TRY(file_.read_at(position_, destination, bytes));
      position_ += bytes;
      return {};
    }
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(buffer_bytes, remaining())));
    buffer_start_ = position_;
    TRIVIUM_TRY(file_.read_at(position_, buffer_.data(), buffer_.size()));
  }
  if (bytes > 0) std::memcpy(destination, buffer_.data() + (position_ - buffer_start_), bytes);
  position_ += bytes;
  return {};
}

Result<std::string> FileCursor::read_string(std::string_view field, std::uint64_t most_bytes) {
  TRIVIUM_TRY_ASSIGN(const std::uint64_t length, read<std::uint64_t>(field));
  if (length > remaining() || length > most_bytes) {
    return bad_format({file(), field}, "a string is longer than it can be",
                      "at most " + std::to_string(std::min(remaining(), most_bytes)) + " bytes",
                      std::to_string(length) + " bytes");
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  TRIVIUM_TRY(read(text.data(), text.size(), field));
  return text;
}

}  // namespace trivium
