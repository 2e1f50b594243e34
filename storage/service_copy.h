#pragma once
// Copies that a service makes by itself, from one of its objects to another.  No byte comes here,
// so what counts is what the service keeps as checksums of both.

#include <map>
#include <string>

#include "storage/backend.h"

namespace stateferry::storage {

/// Where a backend's objects lie for their service, and as whom they are reached.  No secrets.
struct ServicePlace {
  std::string service;    ///< "s3 http://minio:9000"
  std::string region;     ///< "" = the service has none
  std::string principal;  ///< "the profile night", "the default credentials"
  std::string container;  ///< the bucket
  bool can_sign = true;   ///< false: objects are asked for as nobody in particular
  /// Objects may be links, which the service copies as links (ObjectSums::is_link).
  bool has_links = false;
  /// Nothing guards bytes on their way here: plain HTTP from another machine.
  bool in_the_open = false;
  /// The kind of ObjectSums that the Stat after the last ReadRange compares with all that was read;
  /// "" = none.
  std::string compared_sum = {};
};

/// Why the service does not copy from one into the other by itself, a part of a sentence; "" = it
/// may.
std::string WhyApart(const ServicePlace& from, const ServicePlace& to);

/// An object of the same service in that version, and in no other.
struct CopySource {
  std::string container;  ///< ServicePlace::container
  ObjectMeta meta;
};

/// What a service keeps as checksums of a whole object, by kind ("crc64nvme", "md5"), as text in
/// one form for each kind.
struct ObjectSums {
  ObjectMeta meta;
  std::map<std::string, std::string> sums = {};
  bool is_link = false;  ///< what is said of it is that of the object it leads to
};

enum class Alike { kYes, kNo, kUnknown };
/// Whether two objects hold the same bytes, by the kinds of checksum that both have.  ETags that
/// look like MD5s can say yes, but not no.
Alike Compare(const ObjectSums& a, const ObjectSums& b);

/// Whether an ETag has the form of the MD5 of an object: 32 hex digits.
bool LooksLikeMd5(std::string_view etag);

}  // namespace stateferry::storage
