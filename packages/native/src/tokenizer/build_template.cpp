// Post-processors as templates: which ids stand before, between and after the texts.
#include "tokenizer/build.h"

namespace trivium {
namespace {

const char* const supported = "BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing";

Result<TokenId> checked_id(const Json& json, const PipelineParts& parts, const Place& place) {
  const auto id = json.integer();
  const std::int64_t count = static_cast<std::int64_t>(parts.tokens.size());
  if (!id || *id < 0 || *id >= count || !parts.present[static_cast<std::size_t>(*id)]) {
    return place.bad("A special token's id is not in the vocabulary.", "an id below " + std::to_string(count),
                     id ? std::to_string(*id) : "");
  }
  return static_cast<TokenId>(*id);
}

// ["[SEP]", 102]
Result<TokenId> named_id(const Json& json, std::string_view key, const PipelineParts& parts,
                         const Place& place) {
  const Json* pair = json.find(key);
  if (pair == nullptr || pair->items().size() != 2)
    return place.at(key).bad("A token is malformed.", "[text, id]");
  return checked_id(pair->items()[1], parts, place.at(key).at(1));
}

Result<std::vector<TemplateItem>> items_of(const Json& json, std::string_view key, const PipelineParts& parts,
                                           const Place& place) {
  std::vector<TemplateItem> items;
  const Json* list = json.find(key);
  if (list == nullptr || !list->is_array()) return place.at(key).bad("A template is missing.", "an array");
  const Json* special = json.find("special_tokens");
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Json& entry = list->items()[i];
    const Place here = place.at(key).at(i);
    const Json* text = entry.find("Sequence");
    const Json* token = entry.find("SpecialToken");
    const Json* body = text != nullptr ? text : token;
    if (body == nullptr) return here.bad("A template item is malformed.", "Sequence or SpecialToken");
    const std::string id = body->string_or("id", "");
    TemplateItem item;
    const auto type = body->integer_at("type_id").value_or(0);
    if (type < 0 || type > 255)
      return here.bad("A type id is out of range.", "0 to 255", std::to_string(type));
    item.type = static_cast<std::uint8_t>(type);
    if (text != nullptr) {
      if (id != "A" && id != "B") return here.bad("A template names an unknown text.", "A or B", id);
      item.sequence = id == "B";
    } else {
      const Json* entry_of = special == nullptr ? nullptr : special->find(id);
      const Json* ids = entry_of == nullptr ? nullptr : entry_of->find("ids");
      const Place at = place.at("special_tokens").at(id).at("ids");
      if (ids == nullptr || !ids->is_array())
        return at.bad("A template's token is not defined.", "a list of ids", id);
      for (std::size_t k = 0; k < ids->items().size(); ++k) {
        TRIVIUM_TRY_ASSIGN(const TokenId one, checked_id(ids->items()[k], parts, at.at(k)));
        item.ids.push_back(one);
      }
    }
    items.push_back(std::move(item));
  }
  return items;
}

// What an outer processor adds goes around what the inner ones added.
std::vector<TemplateItem> around(const std::vector<TemplateItem>& outer,
                                 const std::vector<TemplateItem>& inner) {
  std::vector<TemplateItem> all;
  for (const TemplateItem& item : outer) {
    if (item.sequence == 0)
      all.insert(all.end(), inner.begin(), inner.end());
    else
      all.push_back(item);
  }
  return all;
}

}  // namespace

Status build_template(const Json& json, const Place& place, PipelineParts& parts, int depth) {
  if (json.is_null()) return {};
  if (!json.is_object()) return place.bad("A post-processor is malformed.", "an object with a type");
  if (depth > max_build_depth) return place.bad("Post-processors are nested too deep.", "at most 32 levels");
  const std::string type = json.string_or("type", "");
  if (type == "ByteLevel") return {};
  if (type == "Sequence") {
    const Json* items = json.find("processors");
    if (items == nullptr || !items->is_array())
      return place.at("processors").bad("A list is missing.", "an array");
    for (std::size_t i = 0; i < items->items().size(); ++i) {
      TRIVIUM_TRY(build_template(items->items()[i], place.at("processors").at(i), parts, depth + 1));
    }
    return {};
  }
  Template made;
  if (type == "TemplateProcessing") {
    TRIVIUM_TRY_ASSIGN(made.single, items_of(json, "single", parts, place));
    if (json.find("pair") != nullptr) {
      TRIVIUM_TRY_ASSIGN(made.pair, items_of(json, "pair", parts, place));
    }
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    TRIVIUM_TRY_ASSIGN(const TokenId cls, named_id(json, "cls", parts, place));
    TRIVIUM_TRY_ASSIGN(const TokenId sep, named_id(json, "sep", parts, place));
    const bool roberta = type == "RobertaProcessing";
    const std::uint8_t second = roberta ? 0 : 1;
    made.single = {{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0}};
    made.pair = made.single;
    if (roberta) made.pair.push_back({-1, {sep}, 0});
    made.pair.push_back({1, {}, second});
    made.pair.push_back({-1, {sep}, second});
  } else {
    return place.at("type").unsupported("the post-processor \"" + type + "\"", supported);
  }
  // A single template that repeated its text would multiply through nesting.
  if (made.single.size() > 64 || made.pair.size() > 64)
    return place.bad("A template is too long.", "at most 64 items");
  parts.special_template.single = around(made.single, parts.special_template.single);
  parts.special_template.pair = made.pair;
  if (parts.special_template.single.size() > 256)
    return place.bad("A template is too long.", "at most 256 items");
  return {};
}

}  // namespace trivium
