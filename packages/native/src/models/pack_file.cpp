#include "models/pack_file.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/hash.h"

namespace trivium {
namespace {

constexpr std::string_view magic = "TRVPACK\n";
constexpr std::uint32_t version = 1;
constexpr std::uint64_t alignment = 64;
constexpr std::uint64_t piece_bytes = 4 << 20;  // under one hash
constexpr std::uint64_t pieces_a_flush = 8;     // written before the disk must have them, so that unwritten pages never pile up

std::string head() {
  std::string bytes(magic);
  bytes.append(reinterpret_cast<const char*>(&version), sizeof version);
  bytes.resize(alignment, '\0');
  return bytes;
}

void put(std::string& to, std::uint64_t number) { to.append(reinterpret_cast<const char*>(&number), sizeof number); }
void put(std::string& to, std::string_view text) {
  put(to, std::uint64_t{text.size()});
  to += text;
}

struct Tail {
  std::uint64_t offset, bytes, hash;  // of the table
};

// Takes from the front of a table; nothing once that is too short.
class TableReader {
 public:
  explicit TableReader(std::string_view left) : left_(left) {}
  std::optional<std::uint64_t> number() {
    if (left_.size() < sizeof(std::uint64_t)) return std::nullopt;
    std::uint64_t value;
    std::memcpy(&value, left_.data(), sizeof value);
    left_.remove_prefix(sizeof value);
    return value;
  }
  std::optional<std::string_view> text() {
    const auto size = number();
    if (!size || *size > left_.size()) return std::nullopt;
    const std::string_view value = left_.substr(0, *size);
    left_.remove_prefix(*size);
    return value;
  }
  std::size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
};

std::uint64_t pieces_of(std::uint64_t bytes) { return (bytes + piece_bytes - 1) / piece_bytes; }

}  // namespace

Error PackFile::unsound(std::string_view what) const {
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = file_->path() + " is no pack file that fits: " + std::string(what) + ".";
  error.file = file_->path();
  error.remedy = "It is written anew by whoever loads its model.";
  return error;
}

Result<PackFile> PackFile::open(const std::string& path, std::string_view key) {
  PackFile pack;
  TRIVIUM_TRY_ASSIGN(pack.file_, MappedFile::open(path));
  const std::byte* data = pack.file_->data();
  const std::uint64_t size = pack.file_->size();
  if (size < alignment + sizeof(Tail)) return pack.unsound("it is too short");
  const std::string expected = head();
  if (std::memcmp(data, expected.data(), expected.size()) != 0) return pack.unsound("it begins otherwise");
  Tail tail;
  std::memcpy(&tail, data + size - sizeof tail, sizeof tail);
  const std::uint64_t table_end = size - sizeof tail;
  if (tail.offset < alignment || tail.offset > table_end || tail.bytes != table_end - tail.offset)
    return pack.unsound("its tail is damaged");
  // A copy: what has been checked must be what is read.
  const std::string table(reinterpret_cast<const char*>(data + tail.offset), static_cast<std::size_t>(tail.bytes));
  if (hash64(table, tail.offset) != tail.hash) return pack.unsound("its table is damaged");
  pack.table_offset_ = tail.offset;
  TRIVIUM_TRY(pack.read_table(table, key));
  return pack;
}

Status PackFile::read_table(std::string_view text, std::string_view key) {
  TableReader table(text);
  if (table.text() != key) return unsound("it was made for something else");
  const auto weights = table.number();
  for (std::uint64_t i = 0; weights && i < *weights; ++i) {
    const auto label = table.text();
    const auto offset = table.number(), bytes = table.number();
    if (!label || !offset || !bytes || *offset % alignment != 0 || *offset > table_offset_ || *bytes > table_offset_ - *offset)
      return unsound("its table is damaged");
    entries_.push_back({std::string(*label), *offset, *bytes});
  }
  if (!weights || table.left() != pieces_of(table_offset_) * sizeof(std::uint64_t)) return unsound("its table is damaged");
  while (const auto hash = table.number()) hashes_.push_back(*hash);
  return {};
}

Result<HeldBytes> PackFile::weight(std::size_t index, std::string_view label) const {
  if (index >= entries_.size() || entries_[index].label != label) return unsound("it holds other weights");
  return HeldBytes(file_, static_cast<std::size_t>(entries_[index].offset), static_cast<std::size_t>(entries_[index].bytes));
}

Status PackFile::verify(const std::function<Status(double share)>& progress) const {
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    const std::uint64_t begin = i * piece_bytes, end = std::min(begin + piece_bytes, table_offset_);
    if (hash64(file_->data() + begin, static_cast<std::size_t>(end - begin)) != hashes_[i]) return unsound("its weights are damaged");
    if (progress) TRIVIUM_TRY(progress(static_cast<double>(i + 1) / static_cast<double>(hashes_.size())));
  }
  return file_->check();
}

Result<PackFileWriter> PackFileWriter::create(const std::string& path, std::string_view key) {
  TRIVIUM_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  PackFileWriter writer(std::move(file));
  writer.piece_.reserve(piece_bytes);
  put(writer.key_, key);
  const std::string first = head();
  TRIVIUM_TRY(writer.append(std::as_bytes(std::span(first))));
  return writer;
}

Status PackFileWriter::begin(std::string_view label, std::uint64_t bytes) {
  const std::uint64_t end = file_.written() + piece_.size(), offset = (end + alignment - 1) / alignment * alignment;
  constexpr std::byte padding[alignment] = {};
  TRIVIUM_TRY(append(std::span(padding, static_cast<std::size_t>(offset - end))));
  put(entries_, label);
  put(entries_, offset);
  put(entries_, bytes);
  ++weights_;
  return {};
}

Status PackFileWriter::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), static_cast<std::size_t>(piece_bytes) - piece_.size());
    piece_.insert(piece_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (piece_.size() == piece_bytes) TRIVIUM_TRY(write_piece());
  }
  return {};
}

Status PackFileWriter::write_piece() {
  put(hashes_, hash64(piece_.data(), piece_.size()));
  TRIVIUM_TRY(file_.write(piece_.data(), piece_.size()));
  piece_.clear();
  if (++pieces_ % pieces_a_flush == 0) TRIVIUM_TRY(file_.flush());
  return {};
}

Status PackFileWriter::commit() {
  if (!piece_.empty()) TRIVIUM_TRY(write_piece());
  std::string table = key_;
  put(table, weights_);
  table += entries_ + hashes_;
  const Tail tail{file_.written(), table.size(), hash64(table, file_.written())};
  TRIVIUM_TRY(file_.write(table));
  TRIVIUM_TRY(file_.write(&tail, sizeof tail));
  return file_.commit();
}

}  // namespace trivium
