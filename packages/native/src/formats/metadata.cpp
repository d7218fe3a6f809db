// GGUF metadata: typed questions with one answer each, whatever width the writer chose.
#include <limits>

#include "formats/model_file.h"

namespace trivium {
namespace {

template <class T>
const std::vector<T>* array_of(const MetadataValue* value) {
  if (value == nullptr) return nullptr;
  const auto* array = std::get_if<std::shared_ptr<const GgufArray>>(value);
  return array != nullptr && *array != nullptr ? std::get_if<std::vector<T>>(&(*array)->values) : nullptr;
}

}  // namespace

std::size_t GgufArray::size() const {
  return std::visit([](const auto& items) { return items.size(); }, values);
}

const MetadataValue* Metadata::find(std::string_view key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &entries_[found->second].second;
}

std::optional<std::int64_t> Metadata::integer(std::string_view key) const {
  const MetadataValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(value)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(value)) {
    if (*number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return static_cast<std::int64_t>(*number);
    }
  }
  return std::nullopt;
}

std::optional<double> Metadata::number(std::string_view key) const {
  const MetadataValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(value)) return static_cast<double>(*number);
  return std::nullopt;
}

std::optional<bool> Metadata::boolean(std::string_view key) const {
  const MetadataValue* value = find(key);
  const bool* flag = value != nullptr ? std::get_if<bool>(value) : nullptr;
  return flag != nullptr ? std::optional(*flag) : std::nullopt;
}

const std::string* Metadata::string(std::string_view key) const {
  const MetadataValue* value = find(key);
  return value != nullptr ? std::get_if<std::string>(value) : nullptr;
}

const std::vector<std::string>* Metadata::strings(std::string_view key) const {
  return array_of<std::string>(find(key));
}

const std::vector<std::int64_t>* Metadata::integers(std::string_view key) const {
  return array_of<std::int64_t>(find(key));
}

const std::vector<double>* Metadata::numbers(std::string_view key) const { return array_of<double>(find(key)); }

void Metadata::set(std::string key, MetadataValue value) {
  const auto found = index_.find(key);
  if (found != index_.end()) {
    entries_[found->second].second = std::move(value);
    return;
  }
  index_.emplace(key, entries_.size());
  entries_.emplace_back(std::move(key), std::move(value));
}

}  // namespace trivium
