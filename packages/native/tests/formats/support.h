// A folder that goes away, fixtures, and GGUF bytes built by hand: what the tests of this room share.
#pragma once
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/file.h"
#include "formats/model_file.h"
#include "system.h"

namespace support {

struct Folder {
  std::string path;
  Folder() {
    static int serial = 0;
    path = (std::filesystem::temp_directory_path() /
            ("trivium-formats-" + std::to_string(system_under_test::process_id()) + "-" + std::to_string(serial++))).string();
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
    std::ofstream(path + "/" + name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path + "/" + name;
  }
};

inline std::string fixture(const std::string& name) { return std::string(TRIVIUM_FIXTURES) + "/formats/" + name; }
inline std::string fixture_bytes(const std::string& name) {
  auto bytes = trivium::read_file(fixture(name), 1 << 24);
  return bytes.ok() ? *bytes : "";
}
// The formula of scripts/fixtures-formats.py.
inline float value(std::size_t i) { return (static_cast<float>(i * 7 % 31) - 15) / 8; }

struct Bytes {
  std::string all;
  template <class T>
  Bytes& put(T number) {
    all.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Bytes& text(const std::string& value) {
    put<std::uint64_t>(value.size());
    all += value;
    return *this;
  }
};
inline Bytes gguf_head(std::uint64_t tensors, std::uint64_t pairs, std::uint32_t version = 3) {
  return Bytes().put<std::uint32_t>(0x46554747).put(version).put(tensors).put(pairs);
}
inline std::string safetensors(const std::string& header, std::size_t data_bytes) {
  return Bytes().put<std::uint64_t>(header.size()).all + header + std::string(data_bytes, '\0');
}

// Empty when `bytes` opens; otherwise the error, and all of its parts must be there.
inline trivium::Error error_of(const std::string& name, const std::string& bytes) {
  Folder folder;
  auto opened = trivium::ModelFile::open(folder.write(name, bytes));
  return opened.ok() ? trivium::Error{} : opened.error();
}

}  // namespace support
