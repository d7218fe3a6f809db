// A Hugging Face folder (config.json, model.safetensors or its index) or one safetensors file on its own, whose folder
// then lends the text files. Names that come from a file never lead out of the folder. Knows no config field.
#include <map>

#include "base/hash.h"
#include "formats/containers.h"
#include "formats/errors.h"

namespace trivium {
namespace {

constexpr std::uint64_t most_config_bytes = 16 << 20;
constexpr std::uint64_t most_index_bytes = 100 << 20;
constexpr std::uint64_t most_text_bytes = 256 << 20;  // tokenizer.json of a large vocabulary: some 35 MB

class HuggingFaceFile final : public ModelFile {
 public:
  HuggingFaceFile(std::string path, std::string folder, Json config, TensorTable table)
      : path_(std::move(path)), folder_(std::move(folder)), config_(std::move(config)), table_(std::move(table)) {}

  Container container() const override { return Container::hugging_face; }
  const std::string& path() const override { return path_; }
  const std::vector<std::string>& parts() const override { return table_.paths(); }
  std::uint64_t total_bytes() const override { return table_.total_bytes(); }
  const Metadata& metadata() const override { return metadata_; }
  const Json& config() const override { return config_; }
  Result<std::string> read_text(const std::string& name) const override {
    if (!stays_inside(name)) {
      Error error;
      error.code = ErrorCode::invalid_argument;
      error.message = "A name leads out of the model's folder: " + printable(name);
      error.file = path_;
      error.field = printable(name);
      error.expected = "a relative path inside the folder";
      error.found = error.field;
      error.remedy = "Remove '..' and the leading '/'.";
      return error;
    }
    return read_file(folder_ + "/" + name, most_text_bytes);
  }
  const std::vector<TensorEntry>& tensors() const override { return table_.entries(); }
  const std::vector<SkippedTensor>& skipped() const override { return table_.skipped(); }
  const TensorEntry* find(std::string_view name) const override { return table_.find(name); }
  Status read_rows(const TensorEntry& tensor, std::int64_t first_row, std::int64_t rows,
                   std::byte* destination) const override {
    return table_.read_rows(tensor, first_row, rows, destination);
  }
  Result<std::string> identity() const override {
    TRIVIUM_TRY_ASSIGN(std::string identity, table_.identity());
    const std::string config = folder_ + "/config.json";
    if (path_kind(config) != PathKind::file) return identity;
    TRIVIUM_TRY_ASSIGN(const std::string text, read_file(config, most_config_bytes));
    return identity + std::to_string(hash64(text)) + "\n";
  }

 private:
  std::string path_, folder_;
  Metadata metadata_;
  Json config_;
  TensorTable table_;
};

Result<Json> read_json_object(const std::string& path, std::uint64_t most_bytes) {
  TRIVIUM_TRY_ASSIGN(const std::string text, read_file(path, most_bytes));
  TRIVIUM_TRY_ASSIGN(Json json, Json::parse(text, path));
  if (!json.is_object()) return bad_format({path, "/"}, "not a JSON object", "an object", text);
  return json;
}

Status read_shards(const std::string& folder, const std::string& index_path, TensorTable& table) {
  TRIVIUM_TRY_ASSIGN(const Json index, read_json_object(index_path, most_index_bytes));
  const Json* map = index.find("weight_map");
  if (map == nullptr || !map->is_object() || map->members().empty()) {
    return bad_format({index_path, "weight_map"}, "no weight map", "an object from tensor names to files", "none");
  }
  std::map<std::string_view, std::map<std::string_view, bool>> shards;  // file -> its tensors, seen or not
  for (const auto& [name, file] : map->members()) {
    if (!file.is_string() || !stays_inside(file.string())) {
      return bad_format({index_path, "/weight_map/" + name}, "a file name that leads out of the folder",
                        "a relative path inside the folder", file.is_string() ? file.string() : "no string");
    }
    shards[file.string()].emplace(name, false);
  }
  for (auto& [file, names] : shards) {
    const std::string path = folder + "/" + std::string(file);
    Status read = read_safetensors_part(path, table, [&names = names](std::string_view name) {
      const auto found = names.find(name);
      if (found != names.end()) found->second = true;
      return found != names.end();
    });
    if (!read.ok()) {
      if (read.error().field.empty()) read.error().field = "weight_map";  // the index is what named this file
      return read;
    }
    for (const auto& [name, seen] : names) {
      if (seen) continue;
      return bad_format({path, name.empty() ? "weight_map" : name},
                        "the index puts a tensor into this file that it does not hold", "a tensor of this name",
                        "no such tensor", "Download the index and all shards again, from one revision.");
    }
  }
  return {};
}

Error no_weights(const std::string& folder) {
  Error error;
  error.code = ErrorCode::not_found;
  error.message = folder + " holds no model.safetensors and no model.safetensors.index.json";
  error.file = folder;
  error.field = "model.safetensors";
  error.expected = "weights as safetensors";
  const bool pickled = path_kind(folder + "/pytorch_model.bin") == PathKind::file;
  error.found = pickled ? "pytorch_model.bin" : "no weights";
  error.remedy = pickled ? "Convert pytorch_model.bin to safetensors; pickled weights are not read because they can run code."
                         : "Download model.safetensors into this folder, or pass the .gguf file itself.";
  return error;
}

}  // namespace

bool stays_inside(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != name.npos || name.find('\0') != name.npos) return false;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    const std::string_view part = name.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

Result<std::shared_ptr<const ModelFile>> open_hugging_face_folder(const std::string& folder) {
  const std::string config_path = folder + "/config.json";
  Result<Json> config = read_json_object(config_path, most_config_bytes);
  if (!config.ok()) {
    if (config.error().code == ErrorCode::not_found) {
      config.error().field = "config.json";
      config.error().remedy = "Pass a .gguf file, or a Hugging Face folder that holds config.json.";
    }
    return std::move(config.error());
  }
  TensorTable table;
  const std::string single = folder + "/model.safetensors", index = single + ".index.json";
  if (path_kind(single) == PathKind::file) {
    TRIVIUM_TRY(read_safetensors_part(single, table, [](std::string_view) { return true; }));
  } else if (path_kind(index) == PathKind::file) {
    TRIVIUM_TRY(read_shards(folder, index, table));
  } else {
    return no_weights(folder);
  }
  return std::shared_ptr<const ModelFile>(
      std::make_shared<HuggingFaceFile>(folder, folder, std::move(config).value(), std::move(table)));
}

Result<std::shared_ptr<const ModelFile>> open_safetensors(const std::string& path) {
  const std::string folder = folder_of(path);
  TensorTable table;
  TRIVIUM_TRY(read_safetensors_part(path, table, [](std::string_view) { return true; }));
  Json config;
  if (path_kind(folder + "/config.json") == PathKind::file) {
    TRIVIUM_TRY_ASSIGN(config, read_json_object(folder + "/config.json", most_config_bytes));
  }
  return std::shared_ptr<const ModelFile>(
      std::make_shared<HuggingFaceFile>(path, folder, std::move(config), std::move(table)));
}

}  // namespace trivium
