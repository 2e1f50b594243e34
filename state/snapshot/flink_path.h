#pragma once
// How Flink reads the path texts of handles.  Pure text rules; nothing is opened.

#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::state::snapshot {

/// A path as Flink's `Path` class holds it: unescaped (%20 is three characters, ? and # are
/// ordinary).
struct FlinkPath {
  std::string scheme;     ///< "s3", "file", ...; "" = none given
  std::string authority;  ///< "bucket", "user:secret@host:9000"; "" = none
  std::string path;       ///< begins with "/" when absolute; "\" turned to "/", "//", ".", "x/.."
                          ///< and a trailing "/" removed; a leading ".." stays
  bool IsAbsolute() const { return !path.empty() && path.front() == '/'; }
  /// What Path.toString() gives: scheme:, //authority, path.
  std::string Text() const;
};

/// `text` is UTF-8 (ModifiedToUtf8 of a handle's path) or any bytes that do not split characters.
/// Errors: kCorruption: empty, NUL, a bad scheme, a scheme with a relative path.
Result<FlinkPath> ParseFlinkPath(std::string_view text);

/// Checks the path of a kRelative handle and gives its normal form ("a//b" -> "a/b").
/// Errors: kRefused for what Flink never writes and what would leave the snapshot's directory:
/// empty, absolute, "..", a scheme.
Result<std::string> NormalRelativePath(std::string_view text);

/// `text` printable, with credentials in its authority replaced by "***".  For messages and logs.
std::string PrintablePath(std::string_view text);

/// True for a plain file name: not empty, "." or "..", without "/", "\" and NUL.  Flink joins the
/// local names of a LIST to a local directory unchecked.
bool IsPlainFileName(std::string_view name);

}  // namespace stateferry::state::snapshot
