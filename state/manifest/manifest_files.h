#pragma once

#include <string>
#include <string_view>

#include "base/file_io.h"
#include "state/manifest/formats.h"

namespace stateferry::state::manifest {

/// Name of the directory, beside the YAML, that holds jars and archives, as the project's storage
/// does.
inline constexpr std::string_view kFilesDirectory = "files";

/// Reads the file, or all *.yaml and *.yml below the directory in bytewise order of their paths;
/// not those in its `files`, and nothing whose name begins with a dot.  What is wrong with a file
/// is a problem of the manifest, also that it cannot be read, is a symbolic link, or is too large.
/// Errors: kNotFound, kPermission, kIo for `path` itself; kInvalidArgument when it is a pipe, a
/// device or a socket.
Result<Manifest> ReadManifestFiles(const FileIo& io, const std::string& path, const Format& format);

/// Where the files lie that belong to what was read from `path`.
Result<std::string> FilesDirectoryOf(const FileIo& io, const std::string& path);

}  // namespace stateferry::state::manifest
