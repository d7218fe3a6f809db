// Every decoder, each as Hugging Face tokenizers defines it unless it says otherwise.
#include "base/utf8.h"
#include "tokenizer/decoder.h"
#include "tokenizer/normalizer.h"

namespace trivium {
namespace {

class ByteLevelDecoder : public Decoder {
  void apply(std::vector<std::string>& tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) bytes += byte_level_token_bytes(token);
    tokens.assign(1, repair_utf8(bytes));
  }
};

class WordPieceDecoder : public Decoder {
 public:
  WordPieceDecoder(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}
  void apply(std::vector<std::string>& tokens) const override {
    static constexpr std::pair<const char*, const char*> repairs[] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0) {
        if (token.starts_with(prefix_))
          token.erase(0, prefix_.size());
        else
          token.insert(token.begin(), ' ');
      }
      if (!cleanup_) continue;
      if (token.find(' ') == std::string::npos) continue;
      for (const auto& [from, to] : repairs) token = replace_all(token, from, to);
    }
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

class MetaspaceDecoder : public Decoder {
 public:
  MetaspaceDecoder(char32_t replacement, PrependScheme scheme) : scheme_(scheme) {
    append_utf8(replacement_, replacement);
  }
  void apply(std::vector<std::string>& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool drop = i == 0 && scheme_ != PrependScheme::never;
      tokens[i] = replace_all(tokens[i], replacement_, drop ? "" : " ");
    }
  }

 private:
  PrependScheme scheme_;
  std::string replacement_;
};

// Otherwise: of a run of bytes that is no text Hugging Face makes one U+FFFD a byte, those of its whole characters too, so that a
// stream would have to take back what it has written.
class ByteFallbackDecoder : public Decoder {
  void apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> out;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      out.push_back(repair_utf8(bytes));
      bytes.clear();
    };
    for (std::string& token : tokens) {
      const int byte = byte_fallback_byte(token);
      if (byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    tokens = std::move(out);
  }
};

class FuseDecoder : public Decoder {
  void apply(std::vector<std::string>& tokens) const override {
    std::string all;
    for (const std::string& token : tokens) all += token;
    tokens.assign(1, std::move(all));
  }
};

class StripDecoder : public Decoder {
 public:
  StripDecoder(char32_t content, std::size_t start, std::size_t stop) : start_(start), stop_(stop) {
    append_utf8(content_, content);
  }
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      std::string_view rest = token;
      for (std::size_t i = 0; i < start_ && rest.starts_with(content_); ++i)
        rest.remove_prefix(content_.size());
      for (std::size_t i = 0; i < stop_ && rest.ends_with(content_); ++i) rest.remove_suffix(content_.size());
      token = std::string(rest);
    }
  }

 private:
  std::string content_;
  std::size_t start_, stop_;
};

class ReplaceDecoder : public Decoder {
 public:
  explicit ReplaceDecoder(NormalizerPointer replace) : replace_(std::move(replace)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      Text text;
      text.bytes = std::move(token);
      replace_->apply(text);
      token = std::move(text.bytes);
    }
  }

 private:
  NormalizerPointer replace_;
};

class BpeDecoder : public Decoder {
 public:
  explicit BpeDecoder(std::string suffix) : suffix_(std::move(suffix)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replace_all(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    }
  }

 private:
  std::string suffix_;
};

class Sequence : public Decoder {
 public:
  explicit Sequence(std::vector<DecoderPointer> steps) : steps_(std::move(steps)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (const auto& step : steps_) step->apply(tokens);
  }

 private:
  std::vector<DecoderPointer> steps_;
};

}  // namespace

std::string byte_level_token_bytes(std::string_view token) {
  std::string bytes;
  return byte_level_bytes(token, bytes) ? bytes : std::string(token);
}

int byte_fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  int value = 0;
  for (const char c : token.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

DecoderPointer byte_level_decoder() { return std::make_unique<ByteLevelDecoder>(); }
DecoderPointer wordpiece_decoder(std::string prefix, bool cleanup) {
  return std::make_unique<WordPieceDecoder>(std::move(prefix), cleanup);
}
DecoderPointer metaspace_decoder(char32_t replacement, PrependScheme scheme) {
  return std::make_unique<MetaspaceDecoder>(replacement, scheme);
}
DecoderPointer byte_fallback_decoder() { return std::make_unique<ByteFallbackDecoder>(); }
DecoderPointer fuse_decoder() { return std::make_unique<FuseDecoder>(); }
DecoderPointer strip_decoder(char32_t content, std::size_t start, std::size_t stop) {
  return std::make_unique<StripDecoder>(content, start, stop);
}
DecoderPointer replace_decoder(std::string literal, std::shared_ptr<const Regex> regex, std::string content) {
  return std::make_unique<ReplaceDecoder>(regex ? replace(std::move(regex), std::move(content))
                                                : replace(std::move(literal), std::move(content)));
}
DecoderPointer bpe_decoder(std::string suffix) { return std::make_unique<BpeDecoder>(std::move(suffix)); }
DecoderPointer sequence(std::vector<DecoderPointer> steps) {
  return std::make_unique<Sequence>(std::move(steps));
}

}  // namespace trivium
