#pragma once
// Finds what SQL and configuration text names of a project: report only, the text is never changed
// (C-28).  Untrusted text; linear in its length.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "state/entities/fields.h"

namespace stateferry::state::entities {

struct TextReference {
  enum class What {
    kSecret,     ///< ${secret_values.NAME}
    kVariable,   ///< ${NAME}
    kCatalog,    ///< USE CATALOG NAME
    kObject,     ///< a table, view, function or database whose name begins with a catalog
    kJar,        ///< USING JAR 'URI', ADD JAR 'URI'
    kConnector,  ///< 'connector' = 'NAME'
    kUri,        ///< oss:, s3:, s3a:, s3p:, hdfs: or file: anywhere else
  };
  What what;
  std::string name;     ///< without quotes; of an object all its parts
  std::string catalog;  ///< of kCatalog and kObject
  std::uint32_t line;   ///< from 1
  bool operator==(const TextReference&) const = default;
};
std::string_view WhatName(TextReference::What what);

/// In the order of the text, each once a line.  `role`: kSql, kYaml or kText; catalogs, jars and
/// connectors are looked for in SQL alone.  Comments do not count, hints do.  Catalogs that the
/// text creates itself are left out.
///
/// In SQL a name of three parts counts where a table can stand, or with an argument list behind it:
/// `t.payload.id` in a SELECT list is a field of a row, not a table.
std::vector<TextReference> FindTextReferences(std::string_view text, FieldRole role);

}  // namespace stateferry::state::entities
