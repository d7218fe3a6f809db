// The tokenizer on the command line, for comparison with other implementations and for timing.
//   tokenize_lines TOKENIZER.json MODE [--parse-special] [--no-special]     MODE: ids, spans, decode, stream,
//   time
// Standard input: records of a 32-bit little-endian byte count and that many bytes (text; for decode and
// stream, ids of 32 bits). Standard output: records in the same form (ids; triples id, begin, end; text).
// `time` prints one line.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tokenizer/tokenizer.h"

namespace {

bool read_record(std::string& record) {
  std::uint32_t size = 0;
  if (std::fread(&size, 4, 1, stdin) != 1) return false;
  record.resize(size);
  return size == 0 || std::fread(record.data(), 1, size, stdin) == size;
}
void write_record(const void* data, std::size_t bytes) {
  const std::uint32_t size = static_cast<std::uint32_t>(bytes);
  std::fwrite(&size, 4, 1, stdout);
  std::fwrite(data, 1, bytes, stdout);
}

std::string text_of_ids(const trivium::Tokenizer& tokenizer, const std::string& record, bool stream,
                        bool skip) {
  std::vector<trivium::TokenId> ids(record.size() / 4);
  std::memcpy(ids.data(), record.data(), ids.size() * 4);
  if (!stream) return tokenizer.decode(ids, skip);
  const auto decoder = tokenizer.stream_decoder(skip);
  std::string text;
  for (const trivium::TokenId id : ids) text += decoder->push(id);
  return text + decoder->finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string file = argv[1], mode = argv[2];
  trivium::EncodeOptions options;
  for (int i = 3; i < argc; ++i) {
    if (std::string(argv[i]) == "--parse-special") options.parse_special_tokens = true;
    if (std::string(argv[i]) == "--no-special") options.add_special_tokens = false;
  }
  std::ifstream in(file, std::ios::binary);
  const std::string json((std::istreambuf_iterator<char>(in)), {});
  const auto made = trivium::Tokenizer::from_json(json, file);
  if (!made.ok()) {
    std::cerr << made.error().message << " (" << made.error().file << made.error().field << ": "
              << made.error().found << ")\n";
    return 1;
  }
  const trivium::Tokenizer& tokenizer = **made;
  std::string record;
  std::size_t bytes = 0, tokens = 0;
  std::chrono::duration<double> spent{};
  while (read_record(record)) {
    if (mode == "decode" || mode == "stream") {
      const std::string text = text_of_ids(tokenizer, record, mode == "stream", !options.add_special_tokens);
      write_record(text.data(), text.size());
    } else if (mode == "spans") {
      const auto spans = tokenizer.encode_spans(record, options);
      write_record(spans.data(), spans.size() * sizeof(trivium::TokenSpan));
    } else {
      const auto before = std::chrono::steady_clock::now();
      const auto ids = tokenizer.encode(record, options);
      spent += std::chrono::steady_clock::now() - before;
      bytes += record.size();
      tokens += ids.size();
      if (mode == "ids") write_record(ids.data(), ids.size() * 4);
    }
  }
  if (mode == "time") {
    std::printf("%zu bytes, %zu tokens, %.3f s, %.1f MB/s\n", bytes, tokens, spent.count(),
                bytes / 1e6 / spent.count());
  }
  return 0;
}
