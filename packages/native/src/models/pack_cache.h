// Which pack file is a model's, and that file written once the model is ready. A second start maps it and packs nothing. A file
// that is cut, damaged, of another model, layout or instruction set is as good as none: the weights are packed and it is written
// anew. What cannot be written (no room, no permission) is not, and nobody hears of it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "models/spec.h"

namespace trivium {

struct PackCache {
  std::string folder;                           // empty: nothing is kept
  std::uint64_t least_bytes = std::uint64_t(64) << 20;  // of packed weights: fewer are packed in some 60 ms
};

// What a pack file is for: backend and layout, the version of the encoders, the type that weights are quantized to, the model's files. An `io` error.
Result<std::string> pack_key(const ModelFile& file, const Backend& backend, const Precision& precision);
// Below the folder, named by the key.
std::string pack_path(const std::string& folder, const std::string& key);
// Tensor, role, type and shape, as tables of pack files name a weight.
std::string pack_label(const TensorEntry& entry, Role role, DType dtype);

// Writes pack files, one at a time on a thread of its own. A model that goes is not held for it, and its file is given up.
class PackWriter {
 public:
  static PackWriter& instance();
  void write(std::weak_ptr<const LoadedModel> model);  // to model->pack_target(), which it has
  // Gives up what is being written, joins the thread: a few megabytes later. A later write() starts it again.
  void stop();

 private:
  void loop();
  bool is_kept(const PackTarget& target) const;  // whole and sound: another process has written it meanwhile
  Status write_now(const std::weak_ptr<const LoadedModel>& model) const;

  std::mutex lifecycle_;  // held by stop, and by write while it starts the thread
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::weak_ptr<const LoadedModel>> waiting_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace trivium
