// Bytes that are read for as long as somebody holds them: made in memory, or part of a file that is mapped. Copies share them.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>

#include "base/large_pages.h"
#include "base/mapped_file.h"

namespace trivium {

class HeldBytes {
 public:
  HeldBytes() = default;
  explicit HeldBytes(LargeBytes made)
      : made_(std::make_shared<const LargeBytes>(std::move(made))), data_(made_->data()), size_(made_->size()) {}
  // The caller has checked that the file has them.
  HeldBytes(std::shared_ptr<const MappedFile> file, std::size_t offset, std::size_t bytes)
      : file_(std::move(file)), data_(file_->data() + offset), size_(bytes) {}

  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  const std::shared_ptr<const MappedFile>& file() const { return file_; }  // null when they were made

 private:
  std::shared_ptr<const LargeBytes> made_;
  std::shared_ptr<const MappedFile> file_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace trivium
