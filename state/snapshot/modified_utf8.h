#pragma once
// Java's modified UTF-8, and strings from foreign files made printable.

#include <optional>
#include <string>
#include <string_view>

namespace stateferry::state::snapshot {

/// The offset of the first byte that Java's DataInput.readUTF would refuse; none when it is fine.
/// Overlong forms that readUTF accepts are fine here too.
std::optional<std::size_t> FindBadModifiedUtf8(std::string_view bytes);

/// Modified UTF-8 -> UTF-8 (surrogate pairs joined, lone surrogates become U+FFFD, C0 80 a NUL).
/// `bytes` must be valid.
std::string ModifiedToUtf8(std::string_view bytes);

/// UTF-8 -> modified UTF-8; none when `text` is not valid UTF-8.
std::optional<std::string> Utf8ToModified(std::string_view text);

/// `text` with control characters, line and direction marks and bytes that are not UTF-8 written as
/// \n, \x1b, \u202e; at most about `limit` bytes of it, then "...".  For messages and logs.
std::string PrintableText(std::string_view text, std::size_t limit = 200);

}  // namespace stateferry::state::snapshot
