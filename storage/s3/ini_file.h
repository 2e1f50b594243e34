#pragma once
// The INI files of the AWS tools (~/.aws/config, ~/.aws/credentials), ossutil and the Alibaba
// tools.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

/// How a file names its keys.
enum class IniNames {
  kAws,      ///< as they are, in lower case
  kOssutil,  ///< accessKeyId, access-key-id and access_key_id are one: lower case without - and _
};

/// Any value may be a secret.
class IniSection {
 public:
  /// Nothing when the key is not there.
  std::optional<Secret> Find(const std::string& key) const;
  /// "" when the key is not there; for values that are no secret.
  std::string Text(const std::string& key) const;
  bool Has(const std::string& key) const { return values_.contains(key); }

 private:
  friend class IniFile;
  std::map<std::string, Secret> values_;
};

class IniFile {
 public:
  /// "key = value" lines in "[section]"s; '#' and ';' begin comment lines.  Lines that stand deeper
  /// than the key above them go on with its value, after a line feed; below an empty value (AWS:
  /// "s3 =") they are a map of their own and read as "s3.name".  Sections and keys that come again
  /// are merged, the later value wins.  All as botocore reads them.
  /// Errors: kInvalidArgument with the number of the line, never with its text; kRefused above
  /// 1 MiB.
  static Result<IniFile> Parse(std::string_view text, IniNames names);

  /// Names are in lower case with kOssutil, as they are with kAws.  Null when there is none.
  const IniSection* Find(const std::string& section) const;
  /// "[profile NAME]" or "[NAME]"; "default" goes by either.
  const IniSection* FindProfile(const std::string& name) const;

 private:
  std::map<std::string, IniSection> sections_;
};

}  // namespace stateferry::storage::s3
