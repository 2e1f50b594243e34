#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace stateferry {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "usage";
    case ErrorCode::kRefused: return "refused";
    case ErrorCode::kPermission: return "permission";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kCorruption: return "integrity";
    case ErrorCode::kUnavailable: return "transient";
    case ErrorCode::kThrottled: return "throttled";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kLocked: return "locked";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kNoSpace: return "no_space";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

namespace {
ErrorCode CodeOfErrno(int errnum) {
  switch (errnum) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::kPermission;
    case ENOSPC:
    case EDQUOT: return ErrorCode::kNoSpace;
    case EEXIST:
    case EISDIR:
    case ENOTEMPTY: return ErrorCode::kConflict;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL: return ErrorCode::kInvalidArgument;
    default: return ErrorCode::kIo;
  }
}
}  // namespace

Error ErrnoError(int errnum, std::string_view what) {
  return Error(CodeOfErrno(errnum), std::string(what) + ": " + std::strerror(errnum));
}

void AssertFailed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "stateferry: internal error at %s:%d: %s\n", file, line, what);
  std::abort();
}

}  // namespace stateferry
