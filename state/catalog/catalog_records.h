#pragma once
// Keys and values of the catalog's table as bytes and back.  docs/formats/catalog.md.
// Pure functions: the decoder takes hostile bytes (tests/fuzz).

#include <string>
#include <string_view>

#include "state/catalog/catalog.h"

namespace stateferry::state::catalog {

/// Version of the catalog as a whole; every record has its own.
inline constexpr std::uint32_t kCatalogFormatVersion = 1;

/// Scope NUL kind NUL name.  Without a name the start of all keys of that kind, without a kind that
/// of all keys of the scope.
std::string RecordKey(std::string_view scope, std::string_view kind = {},
                      std::string_view name = {});

/// The key is not part of the value.  Errors: kRefused when it would be longer than a record may
/// be.
Result<std::string> EncodeRecord(const Record& record);
/// Errors: kCorruption that says what is wrong with the bytes; kRefused for a record version from a
/// newer program.
Result<Record> DecodeRecord(entities::EntityKey key, std::string_view bytes);

}  // namespace stateferry::state::catalog
