#include "storage/service_copy.h"

namespace stateferry::storage {

std::string WhyApart(const ServicePlace& from, const ServicePlace& to) {
  if (from.service != to.service)
    return "they are at two services, " + from.service + " and " + to.service;
  if (from.region != to.region)
    return "they are in two regions, " + from.region + " and " + to.region;
  if (!from.can_sign || !to.can_sign) return "one of them is asked without credentials";
  if (from.principal != to.principal)
    return "they are reached as two principals, with " + from.principal + " and " + to.principal;
  return "";
}

Alike Compare(const ObjectSums& a, const ObjectSums& b) {
  Alike alike = Alike::kUnknown;
  for (const auto& [kind, sum] : a.sums) {
    const auto other = b.sums.find(kind);
    if (other == b.sums.end()) continue;
    const bool same = other->second == sum;
    // An ETag that only looks like an MD5 differs for any reason.
    if (!same && kind != "md5") return Alike::kNo;
    if (same) alike = Alike::kYes;
  }
  return alike;
}

bool LooksLikeMd5(std::string_view etag) {
  return etag.size() == 32 &&
         etag.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace stateferry::storage
