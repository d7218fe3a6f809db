#include "models/pack_cache.h"

#include <algorithm>
#include <cstdio>

#include "base/hash.h"
#include "base/process.h"
#include "models/pack_file.h"
#include "models/pack_temporaries.h"
#include "tensor/codecs.h"

namespace trivium {
namespace {

constexpr std::uint64_t portion_bytes = 4 << 20;  // copied while the model is held

constexpr std::uint64_t times_its_room = 2;  // that must be free: a cache is not to fill a disk

std::string_view name_of(Role role) {
  switch (role) {
    case Role::vector: return "vector";
    case Role::matrix: return "matrix";
    case Role::table: return "table";
    case Role::matrix_and_table: return "matrix-and-table";
  }
  return "";
}

Error given_up() {
  Error error;
  error.code = ErrorCode::cancelled;
  error.message = "Writing the pack file was given up.";
  return error;
}

}  // namespace

Result<std::string> pack_key(const ModelFile& file, const Backend& backend, const Precision& precision) {
  TRIVIUM_TRY_ASSIGN(const std::string identity, file.identity());
  const std::string_view weights = precision.weights ? info(*precision.weights).name : "as in the file";
  return std::string(backend.name()) + ", layout " + std::to_string(backend.layout()) + ", encoders " +
         std::to_string(encoders_version) + ", weights " + std::string(weights) + "\n" + identity;
}

std::string pack_path(const std::string& folder, const std::string& key) {
  char name[32];
  std::snprintf(name, sizeof name, "/%016llx.pack", static_cast<unsigned long long>(hash64(key)));
  return folder + name;
}

std::string pack_label(const TensorEntry& entry, Role role, DType dtype) {
  return entry.name + " " + std::string(name_of(role)) + " " + std::string(info(dtype).name) + " " + to_string(entry.shape);
}

PackWriter& PackWriter::instance() {
  static PackWriter* writer = new PackWriter();  // never destroyed: its thread may outlive static destruction
  return *writer;
}

void PackWriter::write(std::weak_ptr<const LoadedModel> model) {
  // Where there is no memory or no thread to be had, the model goes without its file.
  try {
    const std::lock_guard lifecycle(lifecycle_);
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(model));
    if (!thread_.joinable()) {
      stopping_ = false;
      thread_ = std::thread([this] { loop(); });
    }
    changed_.notify_one();
  } catch (...) {
  }
}

void PackWriter::stop() {
  const std::lock_guard lifecycle(lifecycle_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void PackWriter::loop() {
  for (;;) {
    std::weak_ptr<const LoadedModel> model;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      model = std::move(waiting_.front());
      waiting_.pop_front();
    }
    // Nobody waits for the file, and the model works without it.
    try {
      (void)write_now(model);
    } catch (...) {
    }
  }
}

bool PackWriter::is_kept(const PackTarget& target) const {
  const Result<PackFile> pack = PackFile::open(target.path, target.key);
  if (!pack.ok() || pack->weights() != target.labels.size()) return false;
  for (std::size_t i = 0; i < target.labels.size(); ++i)
    if (!pack->weight(i, target.labels[i]).ok()) return false;
  return pack->verify([&](double) -> Status { return stopping_ ? Status(given_up()) : Status(); }).ok();
}

Status PackWriter::write_now(const std::weak_ptr<const LoadedModel>& weak) const {
  std::optional<PackTarget> target;
  std::vector<std::uint64_t> sizes;
  std::uint64_t total = 0;
  if (const auto model = weak.lock()) {
    target = model->pack_target();
    for (const auto& weight : model->weights()) sizes.push_back(weight->packed().size());
    total = model->weight_bytes();
  }
  if (!target) return given_up();
  const std::string folder = folder_of(target->path);
  TRIVIUM_TRY(make_folder(folder));
  if (free_bytes(folder) / times_its_room < total) return given_up();
  remove_abandoned_packs(folder, true);
  if (is_written_elsewhere(target->path) || is_kept(*target)) return given_up();
  TRIVIUM_TRY_ASSIGN(PackFileWriter file, PackFileWriter::create(target->path, target->key));
  // Of two that began at the same moment the one with the lower number goes on; should both, the files are the same.
  if (is_written_elsewhere(target->path, process_id())) return given_up();
  std::vector<std::byte> copied;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    TRIVIUM_TRY(file.begin(target->labels[i], sizes[i]));
    for (std::uint64_t from = 0; from < sizes[i]; from += portion_bytes) {
      if (const auto model = weak.lock(); model && !stopping_) {
        const auto portion = model->weights()[i]->packed().subspan(from, std::min<std::uint64_t>(portion_bytes, sizes[i] - from));
        copied.assign(portion.begin(), portion.end());
      } else {
        return given_up();
      }
      TRIVIUM_TRY(file.append(copied));  // may wait for the disk, so without the model
    }
  }
  return file.commit();
}

}  // namespace trivium
