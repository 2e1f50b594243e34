#pragma once
// What new objects get besides their bytes: a storage class, encryption, access rights, tags, a
// lock.

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/dialect.h"
#include "storage/s3/http_request.h"

namespace stateferry::storage::s3 {

/// The headers of the requests that make an object.
struct NewObjectHeaders {
  NameValues put = {};       ///< PutObject
  NameValues create = {};    ///< CreateMultipartUpload
  NameValues complete = {};  ///< CompleteMultipartUpload
  NameValues copy = {};      ///< CopyObject
};

/// Whether an option of a location is about new objects in some dialect.
bool IsNewObjectOption(std::string_view name);
/// The names of those options, for messages.
std::string NewObjectOptionNames();

using LocationOptions = std::map<std::string, std::string>;

/// The options of a location with those of `usual` that it does not say itself.  A location that
/// says how to encrypt takes no key from them.
LocationOptions WithUsual(LocationOptions options, const LocationOptions& usual);

/// From the options of a location; others are not looked at.
/// Errors: kInvalidArgument, one sentence: an option that the dialect does not have, a value that
/// is none, one option without the other that it needs.
Result<NewObjectHeaders> ReadNewObjectOptions(const LocationOptions& options,
                                              const Dialect& dialect);

}  // namespace stateferry::storage::s3
