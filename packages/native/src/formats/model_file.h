// A model on disk, whatever wrote it: GGUF v3 (also split) or a Hugging Face folder (config.json, tokenizer.json,
// safetensors with or without index). Knows bytes and names, not architectures. Every size and count is checked
// against the file before it is used. Tensor bytes are read by position (pread), never through a mapping, so a
// file that shrinks while it is open is an `io` error and cannot fault.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "formats/json.h"
#include "tensor/tensor.h"

namespace trivium {

struct GgufArray;
// GGUF scalar metadata: integers widen to int64/uint64, floats to double.
using MetadataValue = std::variant<std::int64_t, std::uint64_t, double, bool, std::string, std::shared_ptr<const GgufArray>>;
struct GgufArray {
  std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<bool>, std::vector<std::string>> values;
  std::size_t size() const;
};

class Metadata {
 public:
  const MetadataValue* find(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;  // any integer kind that fits
  std::optional<double> number(std::string_view key) const;         // float or integer
  std::optional<bool> boolean(std::string_view key) const;
  const std::string* string(std::string_view key) const;
  const std::vector<std::string>* strings(std::string_view key) const;
  const std::vector<std::int64_t>* integers(std::string_view key) const;
  const std::vector<double>* numbers(std::string_view key) const;
  const std::vector<std::pair<std::string, MetadataValue>>& entries() const { return entries_; }  // file order
  void set(std::string key, MetadataValue value);

 private:
  std::vector<std::pair<std::string, MetadataValue>> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

struct TensorEntry {
  std::string name;
  DType dtype;
  Shape shape;
  std::uint64_t offset = 0;  // of the first byte, from the start of its file
  std::uint64_t bytes = 0;
  int part = 0;              // index into parts()
};

// In the file, but of a type nothing computes with (I64 position ids, masks), of rank above 4, or empty.
struct SkippedTensor {
  std::string name;
  std::string type;  // as the file spells it
};

class ModelFile {
 public:
  enum class Container { gguf, hugging_face };

  // `path`: a .gguf file (the first part of a split one), a .safetensors file, or a Hugging Face folder.
  static Result<std::shared_ptr<const ModelFile>> open(const std::string& path);
  virtual ~ModelFile() = default;

  virtual Container container() const = 0;
  virtual const std::string& path() const = 0;
  virtual const std::vector<std::string>& parts() const = 0;  // files that hold tensors
  virtual std::uint64_t total_bytes() const = 0;

  virtual const Metadata& metadata() const = 0;               // GGUF; empty otherwise
  virtual const Json& config() const = 0;                     // config.json; null otherwise
  // A further text file of a Hugging Face folder ("tokenizer.json", "1_Pooling/config.json"): not_found if absent.
  virtual Result<std::string> read_text(const std::string& name) const = 0;
  // The same of a file that need not be there: nothing if absent, an error if it cannot be read.
  Result<std::optional<std::string>> find_text(const std::string& name) const;

  virtual const std::vector<TensorEntry>& tensors() const = 0;
  virtual const TensorEntry* find(std::string_view name) const = 0;
  // Tensors of other integer types, listed so that a missing weight can be explained. A weight type that is not read
  // (Q4_K, F8_E4M3, F64) is an `unsupported` error of open().
  virtual const std::vector<SkippedTensor>& skipped() const = 0;
  // Reads whole rows [first_row, first_row + rows) of a tensor in its own dtype into `destination`,
  // which holds rows * row_bytes. Thread-safe. An `io` error when the file has become shorter.
  virtual Status read_rows(const TensorEntry& tensor, std::int64_t first_row, std::int64_t rows,
                           std::byte* destination) const = 0;
  // Text that is another one when the model's files have changed since they were opened, or other files stand in their place:
  // of each its size, last changes, disk and number there, a hash of what it says before its tensors and one of samples of them.
  // An `io` error.
  virtual Result<std::string> identity() const = 0;
  // The whole tensor as float32.
  Result<std::vector<float>> read_f32(const TensorEntry& tensor) const;
};

}  // namespace trivium
