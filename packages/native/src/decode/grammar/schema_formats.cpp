// The formats, as patterns: each says a part of what the format allows that every validator agrees on.
#include "decode/grammar/schema_shape.h"

namespace trivium::grammar {
namespace {

#define DATE                                                                                                         \
  "(?:(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8])))" \
  "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
#define TIME "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)"
#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define IPV4 OCTET "(?:\\." OCTET "){3}"
#define GROUP "[0-9a-fA-F]{1,4}"
#define BEFORE(low, high) "(?:" GROUP ":){" #low "," #high "}"
#define BEHIND(low, high) "(?::" GROUP "){" #low "," #high "}"
#define IPV6                                                                                                       \
  "(?:" BEFORE(7, 7) GROUP "|" BEFORE(1, 7) ":|" BEFORE(1, 6) BEHIND(1, 1) "|" BEFORE(1, 5) BEHIND(2, 2) "|"       \
  BEFORE(1, 4) BEHIND(3, 3) "|" BEFORE(1, 3) BEHIND(4, 4) "|" BEFORE(1, 2) BEHIND(5, 5) "|" BEFORE(1, 1) BEHIND(6, 6) \
  "|:(?:" BEHIND(1, 7) "|:)|(?:" BEFORE(6, 6) "|::" BEFORE(0, 5) "|" BEFORE(1, 5) ":)" IPV4 ")"

// At most 253 characters, and labels of at most 63: of the blocks of 32 characters none lies within a label that began
// before it. So a label of up to 32 may stand anywhere and one of 63 where a block begins, and the automaton counts the
// text alone: counting the label too takes twenty times its states.
#define LABEL "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
#define HOSTNAME "(?=.{1,253}$)(?!(?:.{32})*.{31}[^.]{33})(?:" LABEL "\\.)*" LABEL

// URIs that both RFC 3986 and the parser of browsers take: schemes in small letters; the schemes that browsers know have a
// host whose last label begins with a letter, and no label begins with "xn--", for behind it they look closer.
#define ENCODED "|%[0-9A-Fa-f]{2})"
#define USER_CHARACTER "(?:[A-Za-z0-9._~!$&'()*+,;=:-]" ENCODED
#define NAME_CHARACTER "(?:[A-Za-z0-9._~!$&'()*+,;=-]" ENCODED
#define SEGMENT_BEGIN "(?:[A-Za-z0-9._~!$&'()*+,;=@-]" ENCODED
#define PATH_CHARACTER "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]" ENCODED
#define QUERY_CHARACTER "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]" ENCODED
// `others`: what it may begin with beside letters.
#define HOST_LABEL(others)                                                                                             \
  "(?:(?:[A-WYZa-wyz" others "]|[Xx](?:-+[A-Za-z0-9_]|[A-MO-Za-mo-z0-9_]|[Nn]-?[A-Za-z0-9_]))(?:-*[A-Za-z0-9_])*"      \
  "|[Xx][Nn]?)"
#define HOST "(?:" HOST_LABEL("0-9_") "\\.)*" HOST_LABEL("")
#define PORT "(?::(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5]))?"
#define PATH "(?:/" PATH_CHARACTER "*)*"
#define QUERY "(?:\\?" QUERY_CHARACTER "*)"
#define FRAGMENT "(?:#" QUERY_CHARACTER "*)"
#define URI_TAIL QUERY "?" FRAGMENT "?"
#define USER "(?:" USER_CHARACTER "*@)?"
#define KNOWN_SCHEME "(?:https?|wss?|ftp)"
// Any but those and file, spelled letter by letter.
#define OTHER_SCHEME                                                                                         \
  "(?:[a-eg-gi-vx-z][a-z0-9+.-]*"                                                                            \
  "|h(?:[a-su-z0-9+.-][a-z0-9+.-]*|t(?:[a-su-z0-9+.-][a-z0-9+.-]*|t(?:[a-oq-z0-9+.-][a-z0-9+.-]*"            \
  "|p(?:[a-rt-z0-9+.-][a-z0-9+.-]*|s[a-z0-9+.-]+))?)?)?"                                                     \
  "|w(?:[a-rt-z0-9+.-][a-z0-9+.-]*|s(?:[a-rt-z0-9+.-][a-z0-9+.-]*|s[a-z0-9+.-]+))?"                          \
  "|f(?:[a-hj-su-z0-9+.-][a-z0-9+.-]*|t(?:[a-oq-z0-9+.-][a-z0-9+.-]*|p[a-z0-9+.-]+)?"                        \
  "|i(?:[a-km-z0-9+.-][a-z0-9+.-]*|l(?:[a-df-z0-9+.-][a-z0-9+.-]*|e[a-z0-9+.-]+)?)?)?)"
#define URI                                                                                                     \
  "(?:(?:" KNOWN_SCHEME "|" OTHER_SCHEME ")://" USER "\\[" IPV6 "\\]" PORT PATH                                 \
  "|" KNOWN_SCHEME "://" USER "(?:" HOST "|" IPV4 ")" PORT PATH                                                 \
  "|file://(?:" HOST ")?/" PATH_CHARACTER "*" PATH                                                              \
  "|" OTHER_SCHEME ":(?://(?:" USER NAME_CHARACTER "+" PORT ")?" PATH "|/?" PATH_CHARACTER "+" PATH "|/))" URI_TAIL
#define REFERENCE "(?:(?:/|/?" SEGMENT_BEGIN "+" PATH ")" URI_TAIL "|" QUERY FRAGMENT "?|" FRAGMENT ")"
#define SHORT_URI KNOWN_SCHEME "://(?:" HOST "|" IPV4 ")(?::(?:[1-5]\\d{0,4}|[6-9]\\d{0,3}))?" PATH URI_TAIL

#define POINTER "(?:/(?:[^~/]|~[01])*)*"
#define BASE64URL "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?"
#define BASE64URL_OBJECT "eyJ(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-](?:[A-Za-z0-9_-]{2})?)?"  // begins with {"

constexpr struct { std::string_view name; TextFormat format; } formats[] = {
    {"date", {"^\\d{4}-\\d\\d-\\d\\d$", DATE}},
    {"time", {"^\\d\\d:\\d\\d", TIME}},
    {"date-time", {"^\\d{4}-\\d\\d-\\d\\d", DATE "T" TIME}},
    {"uuid", {"[0-9a-fA-F-]{36}$", "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"}},
    {"email", {"@", "[A-Za-z0-9_+-]+(?:[.'][A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,24}"}},
    {"hostname", {"^\\S+$", HOSTNAME}},
    {"ipv4", {"^[0-9.]+$", IPV4}},
    {"ipv6", {":", IPV6}},
    {"uri", {"^[A-Za-z][A-Za-z0-9+.-]*:", URI, SHORT_URI}},
    {"uri-reference", {"^[^ ]*$", "(?:" URI "|//" USER "(?:" NAME_CHARACTER "+|\\[" IPV6 "\\])" PORT PATH URI_TAIL "|" REFERENCE ")",
                       "(?:" SHORT_URI "|" REFERENCE ")"}},
    {"uri-template", {"^[^ ]*$", "(?:[A-Za-z0-9._~!$&()*+,;=:@/?#-]|\\{[+#./;?&]?[A-Za-z_]\\w*(?:,[A-Za-z_]\\w*)*\\})+"}},
    {"json-pointer", {"^(?:/|$)", POINTER}},
    {"relative-json-pointer", {"^\\d", "(?:0|[1-9]\\d{0,3})(?:#|" POINTER ")"}},
    {"jwt", {"\\.", BASE64URL_OBJECT "\\." BASE64URL_OBJECT "\\." BASE64URL}},
    {"duration", {"^[+-]?P", "P(?:\\d{1,4}W|(?:\\d{1,4}D|\\d{1,4}M(?:\\d{1,4}D)?|\\d{1,4}Y(?:\\d{1,4}M(?:\\d{1,4}D)?)?)"
                 "(?:T(?:\\d{1,4}S|\\d{1,4}M(?:\\d{1,4}S)?|\\d{1,4}H(?:\\d{1,4}M(?:\\d{1,4}S)?)?))?"
                 "|T(?:\\d{1,4}S|\\d{1,4}M(?:\\d{1,4}S)?|\\d{1,4}H(?:\\d{1,4}M(?:\\d{1,4}S)?)?))"}},
};

}  // namespace

const TextFormat* text_format(std::string_view name) {
  for (const auto& known : formats)
    if (known.name == name) return &known.format;
  return nullptr;
}

}  // namespace trivium::grammar
