// Packed weights kept between loads: the next load maps them and computes the same bits; a file that is cut, damaged or another
// model's is as good as none; what cannot be written harms nobody.
#include "models/pack_cache.h"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/cpu_features.h"
#include "base/file.h"
#include "fake_model.h"
#include "system.h"

using namespace trivium;

namespace {

const std::string fixtures = TRIVIUM_FIXTURES "/parity/";
const std::string k_quants = "llama-k-quants.gguf";

struct Folder {
  std::string path;
  Folder() {
    static int serial = 0;
    path = (std::filesystem::temp_directory_path() /
            ("trivium-packs-" + std::to_string(system_under_test::process_id()) + "-" + std::to_string(serial++)))
               .string();
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string cache() const { return path + "/a/cache"; }  // made by whoever writes there
  std::vector<std::string> packs() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(cache())) return names;
    for (const auto& entry : std::filesystem::directory_iterator(cache())) names.push_back(entry.path().string());
    return names;
  }
  // A copy of a fixture that tests may change.
  std::string model(const std::string& name) const {
    std::filesystem::copy(fixtures + name, path + "/" + name, std::filesystem::copy_options::recursive);
    return path + "/" + name;
  }
};

std::shared_ptr<EngineModel> load(const std::string& path, const std::string& cache, const std::string& quantize = "") {
  const auto file = ModelFile::open(path);
  CHECK(file.ok());
  ModelOptions options;
  options.pack_cache = {cache, 0};
  options.quantize = quantize;
  auto model = Engine::instance().load(*file, options, nullptr);
  if (!model.ok()) throw std::runtime_error(model.error().message);
  return *model;
}

Result<std::vector<float>> logits_of(EngineModel& model) {
  fake::Collector collector;
  const auto request = model.logits({{1, 5, 9, 2, 30, 7}}, collector.sink());
  if (!request.ok()) return request.error();
  CHECK(collector.wait_ended(1));
  const auto outcome = collector.of(*request);
  if (outcome.last.kind == EngineEvent::Kind::error) return outcome.last.failure;
  return outcome.values;
}

// Waits for the writer, for a minute at most: a test must not hang.
bool has_packs(const Folder& folder, std::size_t count) {
  const auto whole = [&] {
    std::size_t found = 0;
    for (const std::string& name : folder.packs()) found += name.ends_with(".pack");
    return found;
  };
  for (int turn = 0; turn < 6000 && whole() < count; ++turn) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return whole() == count;
}

// Loads, lets the file be written, and answers the logits.
std::vector<float> fill(const Folder& folder, const std::string& path) {
  const auto model = load(path, folder.cache());
  CHECK(!model->is_mapped());
  CHECK(has_packs(folder, 1));
  const auto logits = logits_of(*model);
  CHECK(logits.ok());
  return *logits;
}

std::string bytes_of(const std::string& path) { return *read_file(path, 1 << 26); }

// Without looking at the inside of the file, and with its time of change anew.
void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// As good as none: packed anew, the same logits. Nothing is written any more when it returns.
void check_ignored(const Folder& folder, const std::string& path, const std::vector<float>& expected) {
  const auto model = load(path, folder.cache());
  CHECK(!model->is_mapped());
  CHECK(*logits_of(*model) == expected);
  PackWriter::instance().stop();
}

struct InstructionSet {
  explicit InstructionSet(const char* name) { system_under_test::set_environment("TRIVIUM_ISA", name); }
  ~InstructionSet() { system_under_test::unset_environment("TRIVIUM_ISA"); }
};

}  // namespace

TEST("the second load maps, and computes the same bits") {
  for (const std::string& name : {k_quants, std::string("llama-grouped-tied.gguf"), std::string("llama-bias-linear"), std::string("qwen3-tied")}) {
    const Folder folder;
    const std::string path = folder.model(name);
    const std::vector<float> expected = *logits_of(*load(path, ""));
    CHECK(fill(folder, path) == expected);
    const auto model = load(path, folder.cache());
    CHECK(model->is_mapped());
    CHECK(*logits_of(*model) == expected);
    const EngineStats stats = Engine::instance().stats();
    CHECK_EQ(stats.weight_bytes, model->weight_bytes());
    CHECK_EQ(stats.mapped_bytes, model->weight_bytes());
    CHECK_EQ(folder.packs().size(), 1u);
  }
  CHECK_EQ(Engine::instance().stats().mapped_bytes, 0u);
}

TEST("embedders map too") {
  const Folder folder;
  const std::string path = folder.model("bert-mean.gguf");
  const auto embedding = [&](EngineModel& model) {
    fake::Collector collector;
    const auto request = model.embed({{{2, 5, 9, 3}}, EmbedRequest::Wanted::embeddings}, collector.sink());
    CHECK(request.ok() && collector.wait_ended(1));
    return collector.of(*request).values;
  };
  const auto made = load(path, folder.cache());
  CHECK(has_packs(folder, 1));
  const auto mapped = load(path, folder.cache());
  CHECK(mapped->is_mapped());
  CHECK(embedding(*made) == embedding(*mapped));
}

TEST("weights quantized on loading are kept by their type") {
  const Folder folder;
  const std::string path = folder.model("llama-grouped-tied.gguf");
  std::size_t packs = 0;
  for (const char* type : {"", "q8_0", "q4_0"}) {
    const auto made = load(path, folder.cache(), type);
    CHECK(!made->is_mapped());
    CHECK(has_packs(folder, ++packs));
    const auto mapped = load(path, folder.cache(), type);
    CHECK(mapped->is_mapped());
    CHECK(*logits_of(*made) == *logits_of(*mapped));
  }
}

TEST("each instruction set has its own file") {
  const Folder folder;
  const std::string path = folder.model(k_quants);
  std::size_t packs = 0;
  for (const Isa set : every_isa) {
    if (!cpu_has(set)) continue;
    const InstructionSet isa(to_string(set));
    const auto made = load(path, folder.cache());
    CHECK(!made->is_mapped());
    CHECK(has_packs(folder, ++packs));
    const auto mapped = load(path, folder.cache());
    CHECK(mapped->is_mapped());
    CHECK(*logits_of(*made) == *logits_of(*mapped));
  }
}

TEST("a model whose files changed is packed again: time, header, config") {
  const Folder folder;
  const std::string gguf = folder.model(k_quants), other = folder.model("llama-bias-linear");
  fill(folder, gguf);
  std::size_t packs = 1;
  const auto is_made = [&](const std::string& path) {
    const auto model = load(path, folder.cache());
    return !model->is_mapped() && has_packs(folder, ++packs) && load(path, folder.cache())->is_mapped();
  };
  std::filesystem::last_write_time(gguf, std::filesystem::last_write_time(gguf) + std::chrono::seconds(2));
  CHECK(is_made(gguf));

  // The same length and time, another word in the header.
  const auto time = std::filesystem::last_write_time(gguf);
  std::string bytes = bytes_of(gguf);
  const std::size_t at = bytes.find("general.name");
  REQUIRE(at != std::string::npos);
  bytes[at + std::strlen("general.name") + 12] ^= 1;
  std::fstream(gguf, std::ios::binary | std::ios::in | std::ios::out).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  std::filesystem::last_write_time(gguf, time);
  CHECK(is_made(gguf));

  CHECK(is_made(other));
  std::ofstream(other + "/config.json", std::ios::app) << "\n";
  CHECK(is_made(other));
}

TEST("a damaged file is as good as none, wherever the damage is, and is written anew") {
  const Folder folder;
  const std::string path = folder.model(k_quants);
  const std::vector<float> expected = fill(folder, path);
  const std::string pack = folder.packs()[0], sound = bytes_of(pack);
  std::uint64_t table = 0;
  std::memcpy(&table, sound.data() + sound.size() - 24, sizeof table);
  REQUIRE(table > 64 && table < sound.size());
  // Each region: head, data, table, tail.
  std::vector<std::size_t> places = {0, 7, 8, 63, 64, table / 2, table - 1, table, table + 8, table + 40, (table + sound.size()) / 2};
  for (std::size_t place = sound.size() - 25; place < sound.size(); ++place) places.push_back(place);
  for (const std::size_t place : places) {
    std::string damaged = sound;
    damaged[place] ^= 0x10;
    overwrite(pack, damaged);
    check_ignored(folder, path, expected);
  }
  for (const std::size_t length : {std::size_t(0), std::size_t(1), std::size_t(63), std::size_t(64), std::size_t(87), std::size_t(table),
                                   sound.size() - 24, sound.size() - 1}) {
    overwrite(pack, sound.substr(0, length));
    check_ignored(folder, path, expected);
  }
  overwrite(pack, sound + "x");
  check_ignored(folder, path, expected);
  overwrite(pack, std::string(sound.size(), '\0'));
  const auto model = load(path, folder.cache());
  for (int turn = 0; turn < 6000 && bytes_of(pack) != sound; ++turn) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(bytes_of(pack) == sound);
  CHECK(load(path, folder.cache())->is_mapped());
}

TEST("another model's file under this one's name is as good as none") {
  const Folder folder;
  const std::string path = folder.model(k_quants), other = folder.model("llama-yarn.gguf");
  const std::vector<float> expected = fill(folder, path);
  const std::string pack = folder.packs()[0];
  {
    const auto model = load(other, folder.cache());
    CHECK(has_packs(folder, 2));
  }
  for (const std::string& name : folder.packs())
    if (name != pack) std::filesystem::copy_file(name, pack, std::filesystem::copy_options::overwrite_existing);
  check_ignored(folder, path, expected);
}

TEST("a file that is there by now is not written again") {
  const Folder folder;
  const auto file = ModelFile::open(folder.model(k_quants)), other = ModelFile::open(folder.model("llama-yarn.gguf"));
  const auto backend = make_backend("cpu");
  REQUIRE(file.ok() && other.ok() && backend.ok());
  const auto packed = [&](const auto& source) { return *LoadedModel::load(*source, *backend, {}, {folder.cache(), 0}, nullptr); };
  const auto first = packed(file), second = packed(file), last = packed(other);
  REQUIRE(first->pack_target() && second->pack_target() && last->pack_target());
  PackWriter::instance().write(first);
  CHECK(has_packs(folder, 1));
  const auto number = [&] { return File::open(first->pack_target()->path)->identity()->number; };
  const std::uint64_t before = number();
  PackWriter::instance().write(second);
  PackWriter::instance().write(last);  // when its file is there, the writer is done with the one before
  CHECK(has_packs(folder, 2));
  CHECK_EQ(number(), before);
}

#ifndef _WIN32
TEST("a file that another process writes is left to it, and written once that has ended") {
  const Folder folder;
  const std::string path = folder.model(k_quants), other = folder.model("llama-yarn.gguf");
  fill(folder, path);
  const std::string pack = folder.packs()[0];
  std::filesystem::remove(pack);
  const std::string theirs = pack + ".tmp-" + std::to_string(::getppid()) + "-0";
  overwrite(theirs, "half");
  {
    const auto model = load(path, folder.cache()), after = load(other, folder.cache());
    CHECK(!model->is_mapped());
    CHECK(has_packs(folder, 1));  // of the other model, so the writer is done with the first
    CHECK(!std::filesystem::exists(pack) && std::filesystem::exists(theirs));
  }
  std::filesystem::rename(theirs, pack + ".tmp-" + std::to_string(system_under_test::ended_process()) + "-0");
  const auto model = load(path, folder.cache());
  CHECK(has_packs(folder, 2));
  CHECK_EQ(folder.packs().size(), 2u);
}

TEST("a file that is cut while it is mapped is an error of every request, and the process lives") {
  const Folder folder;
  const std::string path = folder.model(k_quants);
  const std::vector<float> expected = fill(folder, path);
  const auto mapped = load(path, folder.cache());
  REQUIRE(mapped->is_mapped());
  std::filesystem::resize_file(folder.packs()[0], 5000);
  for (int time = 0; time < 2; ++time) {
    const auto logits = logits_of(*mapped);
    REQUIRE(!logits.ok());
    CHECK(logits.error().code == ErrorCode::io);
    CHECK_EQ(logits.error().file, folder.packs()[0]);
  }
  check_ignored(folder, path, expected);
}
#endif

TEST("where nothing can be written, models load as ever") {
  const Folder folder;
  const std::string path = folder.model(k_quants);
  const std::vector<float> expected = *logits_of(*load(path, ""));
  overwrite(folder.path + "/file", "in the way");
  const auto blocked = load(path, folder.path + "/file/cache");
  CHECK(*logits_of(*blocked) == expected);
  // The writer takes one after the other: when this file is there, the one before has failed.
  const auto after = load(path, folder.cache());
  CHECK(has_packs(folder, 1));
  CHECK_EQ(folder.packs().size(), 1u);
  CHECK_EQ(bytes_of(folder.path + "/file"), "in the way");
}

TEST("a model that goes is not held for its file, and none is left half written") {
  const Folder folder;
  const std::string path = folder.model(k_quants);
  for (int time = 0; time < 20; ++time) load(path, folder.cache());
  PackWriter::instance().stop();
  CHECK_EQ(Engine::instance().stats().weight_bytes, 0u);
  for (const std::string& name : folder.packs()) CHECK(name.ends_with(".pack"));
}

TEST("small models are not kept") {
  const Folder folder;
  const std::string path = folder.model(k_quants);
  const auto file = ModelFile::open(path);
  const auto backend = make_backend("cpu");
  REQUIRE(file.ok() && backend.ok());
  PackCache cache;
  cache.folder = folder.cache();
  const auto small = LoadedModel::load(*file, *backend, {}, cache, nullptr);
  REQUIRE(small.ok());
  CHECK(!(*small)->pack_target());
  cache.least_bytes = (*small)->weight_bytes() / 2;
  const auto large = LoadedModel::load(*file, *backend, {}, cache, nullptr);
  REQUIRE(large.ok());
  CHECK((*large)->pack_target());
}
