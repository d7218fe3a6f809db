// GGUF metadata to a pipeline: tokenizer.ggml.model "gpt2" (byte-level BPE), "bert" (WordPiece), "llama" (SentencePiece
// BPE) and "t5" (Unigram). Which cut "gpt2" makes, gguf_pre_tokenizers.cpp knows.
#include <algorithm>

#include "base/file.h"
#include "base/utf8.h"
#include "tokenizer/build_gguf.h"
#include "tokenizer/gguf_pre_tokenizers.h"

namespace trivium {
namespace {

constexpr std::string_view word_mark = "\xE2\x96\x81";

// "▁word" begins a word, "ing" goes on inside one; control tokens and [NAMES] are as they are.
std::string wordpiece_text(const std::string& text, std::int64_t type) {
  if (text.starts_with(word_mark)) return text.substr(word_mark.size());
  const bool named = text.size() > 2 && text.front() == '[' && text.back() == ']';
  return type == gguf_control || type == gguf_unknown || named ? text : "##" + text;
}

Status read_tokens(const Metadata& metadata, std::string_view file, bool wordpiece, PipelineParts& parts) {
  const auto* tokens = metadata.strings("tokenizer.ggml.tokens");
  const auto* types = metadata.integers("tokenizer.ggml.token_type");
  if (tokens == nullptr || tokens->empty())
    return gguf_key(file, "tokens").bad("The tokens are missing.", "an array of strings");
  if (types != nullptr && types->size() != tokens->size()) {
    return gguf_key(file, "token_type")
        .bad("There is not one type for each token.", std::to_string(tokens->size()),
             std::to_string(types->size()));
  }
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const std::int64_t type = types == nullptr ? gguf_normal : (*types)[i];
    const std::string text = wordpiece ? wordpiece_text((*tokens)[i], type) : (*tokens)[i];
    TRIVIUM_TRY(add_token(parts, text, static_cast<std::int64_t>(i), tokens->size(),
                          {file, gguf_key(file, "tokens").pointer + "/" + std::to_string(i)}));
    const bool special = type == gguf_control || type == gguf_unknown;
    if ((!special && type != gguf_user_defined) || text.empty()) continue;
    AddedToken added;
    added.content = text;
    added.id = static_cast<TokenId>(i);
    added.special = special;
    parts.added.push_back(std::move(added));
  }
  return {};
}

Status build_byte_level(const Metadata& metadata, std::string_view file, const GgufPreTokenizer& row,
                        PipelineParts& parts) {
  const auto* lines = metadata.strings("tokenizer.ggml.merges");
  if (lines == nullptr) return gguf_key(file, "merges").bad("The merges are missing.", "an array of strings");
  BpeSettings settings;
  settings.bytes = true;
  settings.ignore_merges = row.ignore_merges;
  VocabularyMap vocabulary;
  std::string raw;
  for (std::size_t i = 0; i < parts.tokens.size(); ++i) {
    if (byte_level_bytes(parts.tokens[i], raw) && !raw.empty())
      vocabulary.try_emplace(raw, static_cast<TokenId>(i));
  }
  std::vector<Merge> merges;
  merges.reserve(lines->size());
  for (std::size_t i = 0; i < lines->size(); ++i) {
    const std::string& line = (*lines)[i];
    const std::size_t space = line.find(' ');
    Merge merge;
    if (!is_utf8(line) || space == std::string::npos || !byte_level_bytes(line.substr(0, space), merge.left) ||
        !byte_level_bytes(line.substr(space + 1), merge.right)) {
      return Place{file, "tokenizer.ggml.merges/" + std::to_string(i)}.bad("A merge is malformed.",
                                                                           "two byte-level tokens", line);
    }
    merges.push_back(std::move(merge));
  }
  auto model = make_bpe(std::move(vocabulary), merges, std::move(settings), special_ids(parts));
  if (!model.ok()) {
    model.error().file = std::string(file);
    model.error().field = "tokenizer.ggml.merges" + model.error().field;
    return std::move(model.error());
  }
  parts.model = std::move(model).value();
  if (row.nfc) parts.normalizer = normal_form(NormalForm::nfc);
  TRIVIUM_TRY_ASSIGN(parts.pre_tokenizer, make_pre_tokenizer(row));
  parts.decoder = byte_level_decoder();
  parts.byte_level_decoder = true;
  parts.token_bytes = TokenBytes::byte_level;
  return {};
}

Status build_bert(const Metadata& metadata, std::string_view file, PipelineParts& parts) {
  WordPieceSettings settings;
  TRIVIUM_TRY_ASSIGN(std::optional<TokenId> unknown_id,
                     gguf_id_at(metadata, file, "unknown_token_id", parts.tokens.size()));
  if (!unknown_id) {
    const auto found = parts.ids.find("[UNK]");
    if (found == parts.ids.end())
      return gguf_key(file, "unknown_token_id").bad("There is no unknown token.", "an id");
    unknown_id = found->second;
  }
  settings.unknown = *unknown_id;
  BertCleaning what;
  what.lowercase = metadata.boolean("tokenizer.ggml.normalizer.lowercase").value_or(true);
  what.strip_accents = metadata.boolean("tokenizer.ggml.normalizer.strip_accents").value_or(what.lowercase);
  parts.normalizer = bert_normalizer(what);
  parts.pre_tokenizer = bert_pre_tokenizer();
  parts.decoder = wordpiece_decoder("##", true);
  parts.token_bytes = TokenBytes::wordpiece;
  parts.model = make_wordpiece(parts.ids, std::move(settings), special_ids(parts));
  return {};
}

// What a kind of tokenizer puts around text unless the file says otherwise, and which tokens these are where it names none:
// as llama.cpp has it. BERT's are always there.
struct Kind {
  std::string_view name;
  bool bert, bos, eos;
  TokenId bos_id, eos_id;
};
constexpr Kind kinds[] = {{"gpt2", false, false, false, -1, -1},
                          {"bert", true, true, true, 101, 102},
                          {"llama", false, true, false, 1, 2},
                          {"t5", false, false, true, -1, 1}};

Status build_special(const Metadata& metadata, std::string_view file, const Kind& kind, bool add_bos,
                     PipelineParts& parts) {
  const std::size_t count = parts.tokens.size();
  TRIVIUM_TRY_ASSIGN(std::optional<TokenId> first, gguf_id_at(metadata, file, "bos_token_id", count, kind.bos_id));
  TRIVIUM_TRY_ASSIGN(std::optional<TokenId> last, gguf_id_at(metadata, file, "eos_token_id", count, kind.eos_id));
  std::optional<TokenId> separator;  // others do not need theirs, so a wrong one does them no harm
  if (kind.bert || kind.name == "t5") {
    TRIVIUM_TRY_ASSIGN(separator, gguf_id_at(metadata, file, "seperator_token_id", count));
  }
  if (kind.bert) {
    TRIVIUM_TRY_ASSIGN(const std::optional<TokenId> cls, gguf_id_at(metadata, file, "cls_token_id", count));
    if (cls) first = cls;
    if (separator) last = separator;
  }
  const auto adds = [&](const char* key, bool otherwise) { return kind.bert || metadata.boolean(key).value_or(otherwise); };
  const bool begin = first && adds("tokenizer.ggml.add_bos_token", kind.bos || add_bos);
  const bool end = last && adds("tokenizer.ggml.add_eos_token", kind.eos);
  Template& special = parts.special_template;
  if (begin) special.single.insert(special.single.begin(), {-1, {*first}, 0});
  if (end) special.single.push_back({-1, {*last}, 0});
  special.pair = special.single;
  // Unigram with both ends is XLM-RoBERTa's: it separates twice, and all tokens are of one type.
  const bool roberta = kind.name == "t5" && begin && end && separator;
  const bool again = begin && !kind.bert;  // a second text begins like the first; BERT only separates
  const std::uint8_t type = roberta ? 0 : 1;
  if (again) special.pair.push_back({-1, {roberta ? *separator : *first}, type});
  special.pair.push_back({1, {}, type});
  if (end) special.pair.push_back({-1, {*last}, type});
  return {};
}

std::string kind_names() {
  std::string names;
  for (const Kind& kind : kinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

}  // namespace

Result<std::optional<TokenId>> gguf_id_at(const Metadata& metadata, std::string_view file, const char* name,
                                          std::size_t count, TokenId otherwise) {
  const auto id = metadata.integer(std::string("tokenizer.ggml.") + name);
  if (!id) return otherwise >= 0 && static_cast<std::size_t>(otherwise) < count ? std::optional(otherwise) : std::nullopt;
  if (*id < 0 || static_cast<std::size_t>(*id) >= count) {
    return gguf_key(file, name)
        .bad("A token id is out of range.", "an id below " + std::to_string(count), std::to_string(*id));
  }
  return std::optional<TokenId>(static_cast<TokenId>(*id));
}

namespace {

struct Named {
  const Kind* kind;
  const GgufPreTokenizer* pre_tokenizer;  // for byte-level kinds
};

// What the metadata says the tokenizer is, or why there is none.
Result<Named> named(const Metadata& metadata, std::string_view file) {
  const std::string* name = metadata.string("tokenizer.ggml.model");
  if (name == nullptr) return gguf_key(file, "model").bad("The file has no tokenizer.", kind_names());
  const Kind* kind = std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& one) { return one.name == *name; });
  if (kind == std::end(kinds)) return gguf_key(file, "model").unsupported("the tokenizer \"" + *name + "\"", kind_names());
  const GgufPreTokenizer* row = gguf_pre_tokenizer("gpt-2");
  if (const std::string* pre = metadata.string("tokenizer.ggml.pre"); pre != nullptr && kind->name == "gpt2") {
    row = gguf_pre_tokenizer(*pre);
    if (row == nullptr)
      return gguf_key(file, "pre").unsupported("the pre-tokenizer \"" + *pre + "\"", gguf_pre_tokenizer_names());
  }
  return Named{kind, row};
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_gguf(const Metadata& metadata,
                                                              std::string_view file) {
  TRIVIUM_TRY_ASSIGN(const Named found, named(metadata, file));
  const auto [kind, row] = found;
  PipelineParts parts;
  TRIVIUM_TRY(read_tokens(metadata, file, kind->bert, parts));
  if (kind->name == "gpt2") TRIVIUM_TRY(build_byte_level(metadata, file, *row, parts));
  if (kind->name == "bert") TRIVIUM_TRY(build_bert(metadata, file, parts));
  if (kind->name == "llama") TRIVIUM_TRY(build_gguf_sentencepiece_bpe(metadata, file, parts));
  if (kind->name == "t5") TRIVIUM_TRY(build_gguf_unigram(metadata, file, parts));
  TRIVIUM_TRY(build_special(metadata, file, *kind, kind->name == "gpt2" && row->add_bos, parts));
  return std::shared_ptr<const Tokenizer>(std::make_shared<Pipeline>(std::move(parts)));
}

namespace {

Result<std::shared_ptr<const Tokenizer>> inside(const ModelFile& gguf) {
  if (const std::string* json = gguf.metadata().string("tokenizer.huggingface.json"))
    return Tokenizer::from_json(*json, gguf.path());
  return Tokenizer::from_gguf(gguf.metadata(), gguf.path());
}

// The file beside a model that holds its tokenizer; no name: the model holds it itself.
struct Beside {
  std::string name, path, field;
};

// Two models of one package may share a tokenizer: the second names the file of the first, in the same folder
// only.
Result<Beside> beside(const ModelFile& model) {
  const std::string& path = model.path();
  if (model.container() == ModelFile::Container::hugging_face) {
    const std::string folder = path_kind(path) == PathKind::folder ? path : folder_of(path);
    return Beside{"tokenizer.json", folder + "/tokenizer.json", "tokenizer.json"};
  }
  const std::string* name = model.metadata().string("tokenizer.file");
  if (name == nullptr || model.metadata().string("tokenizer.huggingface.json")) return Beside{};
  if (name->empty() || *name == "." || *name == ".." || name->find_first_of("/\\") != std::string::npos) {
    return Error{ErrorCode::bad_format,
                 "The tokenizer is kept outside the model's folder.",
                 path,
                 "tokenizer.file",
                 "the name of a GGUF file in the same folder",
                 *name,
                 "Get the file again from where the model came from."};
  }
  return Beside{*name, folder_of(path) + "/" + *name, "tokenizer.file"};
}

Result<bool> asks_for_lowercase(const ModelFile& folder) {
  const std::string name = "sentence_bert_config.json";
  TRIVIUM_TRY_ASSIGN(const std::optional<std::string> text, folder.find_text(name));
  if (!text) return false;
  TRIVIUM_TRY_ASSIGN(const Json config, Json::parse(*text, folder.path() + "/" + name));
  return config.boolean_or("do_lower_case", false);
}

}  // namespace

Status Tokenizer::is_there(const ModelFile& model) {
  TRIVIUM_TRY_ASSIGN(const Beside file, beside(model));
  if (file.name.empty()) {
    if (model.metadata().string("tokenizer.huggingface.json")) return {};
    TRIVIUM_TRY(named(model.metadata(), model.path()));
    return {};
  }
  if (path_kind(file.path) != PathKind::absent) return {};
  return Error{ErrorCode::not_found,
               "The model's tokenizer, " + file.name + ", does not lie beside it.",
               file.path,
               file.field,
               "the file that holds the tokenizer",
               "no file",
               "Put the " + file.name + " that belongs to the model beside it."};
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::of(const ModelFile& model) {
  TRIVIUM_TRY(is_there(model));
  TRIVIUM_TRY_ASSIGN(const Beside file, beside(model));
  if (file.name.empty()) return inside(model);
  if (model.container() == ModelFile::Container::hugging_face) {
    TRIVIUM_TRY_ASSIGN(const std::string json, model.read_text(file.name));
    TRIVIUM_TRY_ASSIGN(const bool lowercase, asks_for_lowercase(model));
    return from_json(json, file.path, lowercase);
  }
  TRIVIUM_TRY_ASSIGN(const auto sibling, ModelFile::open(file.path));
  return inside(*sibling);
}

}  // namespace trivium
