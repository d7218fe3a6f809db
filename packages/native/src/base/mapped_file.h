// A file's bytes as memory that all processes which map it share, for as long as somebody holds it. What is lost while it
// is mapped (somebody cuts the file, its disk fails) reads as zeros from then on: check() says so, and the process lives. So
// whoever computes with these bytes asks check() afterwards, before anybody sees the result.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"

namespace trivium {

class MappedFile {
 public:
  // `io` or `not_found`; `unsupported` when the process maps more files than it can watch. An empty file has no bytes.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  ~MappedFile();

  const std::byte* data() const { return data_; }  // on the border of a page
  std::size_t size() const { return size_; }
  const std::string& path() const { return path_; }
  // An `io` error once bytes were lost, or the file was cut or written since it was opened. Some hundred nanoseconds.
  Status check() const;
  // Sets the time of the file's last reading, by which caches know what to remove; where that is not allowed, nothing.
  void mark_used() const;

 private:
  struct Watch;  // what the system says of the file, and how losses are noticed
  MappedFile(std::string path, std::unique_ptr<Watch> watch);
  Error changed() const;
  std::string path_;
  std::unique_ptr<Watch> watch_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace trivium
