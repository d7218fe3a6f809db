// One to three changes to metadata (numbers at their edges, other texts, arrays longer, shorter and with other items) or to
// tensors (absent, with another's name, lying down), then written again by the engine's own writer. Knows no keys.
#include "mutate_model.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/file.h"
#include "formats/writers.h"
#include "seeds.h"

namespace fuzz {
namespace {

using namespace trivium;

struct Tensor {
  std::string name;
  DType dtype;
  Shape shape;
  std::vector<std::byte> bytes;
};

template <std::size_t Count>
const char* one_of(const char* const (&texts)[Count], Random& random) {
  return texts[random.below(Count)];
}

std::int64_t other_integer(std::int64_t value, Random& random) {
  constexpr std::int64_t edges[] = {0, 1, 2, 3, -1, 255, 65536, 1 << 20, 2147483647, -2147483648ll, 4294967296ll, std::int64_t{1} << 62,
                                    std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  switch (random.below(5)) {
    case 0: return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + 1);
    case 1: return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - 1);
    case 2: return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * 2);
    case 3: return value / 2;
    default: return edges[random.below(std::size(edges))];
  }
}

double other_number(double value, Random& random) {
  constexpr double edges[] = {0, -0.0, 1, -1, 1e-30, 1e30, -1e30, 1e300, std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
  return random.chance(30) ? value * -2 : edges[random.below(std::size(edges))];
}

std::string other_text(const std::string& text, Random& random) {
  constexpr const char* known[] = {"", "llama", "qwen2", "qwen3", "bert", "static-embedding", "gpt2", "t5", "default", "llama-bpe",
                                   "qwen2", "tekken", "deepseek-v3", "yarn", "linear", "none", "\u2581", "<s>", "<0x41>", "<0xZZ>", "a b",
                                   " ", "\xff\xfe", "{% for m in messages %}", "{{ raise_exception('no') }}"};
  if (random.chance(50) || text.empty()) return one_of(known, random);
  return random.chance(80) ? mutate_bytes(text, text, random) : text + text;
}

template <class Item, class Other>
void change_items(std::vector<Item>& items, Random& random, const Other& other) {
  if (items.empty()) {
    items.push_back(other(Item()));
    return;
  }
  const std::size_t at = random.below(items.size()), from = random.below(items.size());
  switch (random.below(8)) {
    case 0: items.pop_back(); break;
    case 1: items.push_back(items[at]); break;
    case 2: items.resize(at); break;
    case 3: items[at] = Item(items[from]); break;
    default: items[at] = other(items[at]);
  }
}

MetadataValue other_array(const GgufArray& array, Random& random) {
  GgufArray changed = array;
  if (auto* integers = std::get_if<std::vector<std::int64_t>>(&changed.values))
    change_items(*integers, random, [&](std::int64_t item) { return other_integer(item, random); });
  if (auto* numbers = std::get_if<std::vector<double>>(&changed.values))
    change_items(*numbers, random, [&](double item) { return other_number(item, random); });
  if (auto* texts = std::get_if<std::vector<std::string>>(&changed.values))
    change_items(*texts, random, [&](const std::string& item) { return other_text(item, random); });
  return std::make_shared<const GgufArray>(std::move(changed));
}

MetadataValue other_value(const MetadataValue& value, Random& random) {
  if (random.chance(5)) return other_text("", random);  // of another type
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return other_integer(*integer, random);
  if (const auto* integer = std::get_if<std::uint64_t>(&value)) return other_integer(static_cast<std::int64_t>(*integer), random);
  if (const auto* number = std::get_if<double>(&value)) return other_number(*number, random);
  if (const auto* flag = std::get_if<bool>(&value)) return !*flag;
  if (const auto* text = std::get_if<std::string>(&value)) return other_text(*text, random);
  return other_array(*std::get<std::shared_ptr<const GgufArray>>(value), random);
}

void change_metadata(Metadata& metadata, Random& random) {
  const auto& entries = metadata.entries();
  if (entries.empty()) return;
  const std::size_t at = random.below(entries.size());
  if (random.chance(85)) return metadata.set(entries[at].first, other_value(entries[at].second, random));
  Metadata without;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (i != at) without.set(entries[i].first, entries[i].second);
  metadata = std::move(without);
}

void change_tensors(std::vector<Tensor>& tensors, Random& random) {
  if (tensors.empty()) return;
  Tensor& one = tensors[random.below(tensors.size())];
  Tensor& other = tensors[random.below(tensors.size())];
  switch (random.below(5)) {
    case 0: tensors.erase(tensors.begin() + (&one - tensors.data())); break;
    case 1: std::swap(one.name, other.name); break;
    case 2: one.shape = Shape::of(one.shape.elements()); break;
    case 3:
      if (one.shape.rank == 2 && info(one.dtype).block_elements == 1) std::swap(one.shape.dims[0], one.shape.dims[1]);
      break;
    default:
      for (std::size_t i = 0; i < 8 && !one.bytes.empty(); ++i)
        one.bytes[random.below(one.bytes.size())] = static_cast<std::byte>(random.chance(50) ? 0xFF : random.next());
  }
}

}  // namespace

std::string mutate_gguf_values(const std::string& bytes, Random& random) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("trivium-fuzz-values-" + std::to_string(::getpid()) + ".gguf")).string();
  std::string written = bytes;
  put(std::filesystem::path(path).parent_path().string(), std::filesystem::path(path).filename().string(), bytes);
  if (const auto file = ModelFile::open(path); file.ok()) {
    Metadata metadata = (*file)->metadata();
    std::vector<Tensor> tensors;
    for (const TensorEntry& entry : (*file)->tensors()) {
      tensors.push_back({entry.name, entry.dtype, entry.shape, std::vector<std::byte>(entry.bytes)});
      (void)(*file)->read_rows(entry, 0, entry.shape.rows(), tensors.back().bytes.data());
    }
    for (std::size_t times = 1 + random.below(3); times > 0; --times)
      random.chance(80) ? change_metadata(metadata, random) : change_tensors(tensors, random);
    std::vector<TensorToWrite> views;
    for (const Tensor& tensor : tensors) views.push_back({tensor.name, {tensor.dtype, tensor.shape, tensor.bytes.data(), tensor.bytes.size()}});
    if (write_gguf(path, metadata, views).ok())
      if (auto read = read_file(path, 1 << 24); read.ok()) written = std::move(*read);
  }
  std::filesystem::remove(path);
  return written;
}

}  // namespace fuzz
