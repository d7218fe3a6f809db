// A GGUF model: one file, or the parts of a split one, which must agree on their number and order. The metadata is
// that of the first part. Knows nothing of bytes: gguf_part.cpp has checked them.
#include <cstdio>

#include "formats/containers.h"
#include "formats/errors.h"

namespace trivium {
namespace {

class GgufFile final : public ModelFile {
 public:
  GgufFile(std::string path, Metadata metadata, TensorTable table)
      : path_(std::move(path)), metadata_(std::move(metadata)), table_(std::move(table)) {}

  Container container() const override { return Container::gguf; }
  const std::string& path() const override { return path_; }
  const std::vector<std::string>& parts() const override { return table_.paths(); }
  std::uint64_t total_bytes() const override { return table_.total_bytes(); }
  const Metadata& metadata() const override { return metadata_; }
  const Json& config() const override { return config_; }
  Result<std::string> read_text(const std::string& name) const override {
    Error error;
    error.code = ErrorCode::not_found;
    error.message = "A GGUF file has no further files: " + printable(name);
    error.file = path_;
    error.field = name;
    error.remedy = "Use a Hugging Face folder where this file is needed.";
    return error;
  }
  const std::vector<TensorEntry>& tensors() const override { return table_.entries(); }
  const std::vector<SkippedTensor>& skipped() const override { return table_.skipped(); }
  const TensorEntry* find(std::string_view name) const override { return table_.find(name); }
  Status read_rows(const TensorEntry& tensor, std::int64_t first_row, std::int64_t rows,
                   std::byte* destination) const override {
    return table_.read_rows(tensor, first_row, rows, destination);
  }
  Result<std::string> identity() const override { return table_.identity(); }

 private:
  std::string path_;
  Metadata metadata_;
  TensorTable table_;
  Json config_;
};

std::string split_suffix(std::int64_t part, std::int64_t count) {
  char text[48];
  std::snprintf(text, sizeof text, "-%05d-of-%05d.gguf", static_cast<int>(part + 1), static_cast<int>(count));
  return text;
}

Error wrong_part(const std::string& path, std::string_view field, std::int64_t expected, std::optional<std::int64_t> found) {
  return bad_format({path, field}, "not the part of the split model that its name says", std::to_string(expected),
                    found ? std::to_string(*found) : "nothing", "Download all parts of one and the same split again.");
}

// The parts after the first; `count` is the first part's own claim, and its name must make it.
Status read_further_parts(const std::string& first, std::int64_t count, const Metadata& metadata, TensorTable& table) {
  if (metadata.integer("split.no").value_or(0) != 0) {
    return unsupported_format({first, "split.no"}, "this is a later part of a split model", "0",
                              std::to_string(metadata.integer("split.no").value_or(0)),
                              "Open the first part (…-00001-of-…gguf); the others are found beside it.");
  }
  const std::string suffix = split_suffix(0, count);
  if (count > 65535 || !first.ends_with(suffix)) {
    return bad_format({first, "split.count"}, "the name does not fit a split model",
                      count > 65535 ? "at most 65535 parts" : "a name that ends in " + suffix, first,
                      "Give all parts their original names.");
  }
  const std::string prefix = first.substr(0, first.size() - suffix.size());
  for (std::int64_t part = 1; part < count; ++part) {
    const std::string path = prefix + split_suffix(part, count);
    TRIVIUM_TRY_ASSIGN(const Metadata own, read_gguf_part(path, table));
    if (own.integer("split.no") != part) return wrong_part(path, "split.no", part, own.integer("split.no"));
    if (own.integer("split.count") != count) return wrong_part(path, "split.count", count, own.integer("split.count"));
  }
  const auto all = static_cast<std::int64_t>(table.entries().size() + table.skipped().size());
  const auto declared = metadata.integer("split.tensors.count");
  if (declared && *declared != all) return wrong_part(first, "split.tensors.count", all, declared);
  return {};
}

}  // namespace

Result<std::shared_ptr<const ModelFile>> open_gguf(const std::string& path) {
  TensorTable table;
  TRIVIUM_TRY_ASSIGN(Metadata metadata, read_gguf_part(path, table));
  const std::int64_t count = metadata.integer("split.count").value_or(1);
  if (count > 1) TRIVIUM_TRY(read_further_parts(path, count, metadata, table));
  return std::shared_ptr<const ModelFile>(std::make_shared<GgufFile>(path, std::move(metadata), std::move(table)));
}

}  // namespace trivium
