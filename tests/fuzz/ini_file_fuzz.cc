// Any bytes as a credentials file of AWS or of ossutil; also as a command line and as JSON keys.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/credential_answers.h"
#include "storage/s3/ini_file.h"
#include "storage/s3/run_program.h"

using namespace stateferry;
using namespace stateferry::storage::s3;

namespace {

void CheckFile(std::string_view text, IniNames names) {
  const auto file = IniFile::Parse(text, names);
  if (!file) {
    // Whatever the text is, the message is of our own words and a number.
    SF_ASSERT(file.error().message().size() < 80);
    return;
  }
  SF_ASSERT(file->Find("") == nullptr);
  for (const char* name : {"default", "dev", "services local"}) {
    const IniSection* section = file->FindProfile(name);
    if (section == nullptr) continue;
    SF_ASSERT(!section->Has(""));
    const auto secret = section->Find("aws_secret_access_key");
    if (!secret) continue;
    const std::string& value = secret->Reveal();
    if (value.find('\n') != std::string::npos) continue;  // several lines, blanks dropped between
    SF_ASSERT(value.empty() || (value.front() != ' ' && value.back() != ' '));
    SF_ASSERT(text.find(value) != std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  CheckFile(text, IniNames::kAws);
  CheckFile(text, IniNames::kOssutil);
  if (const auto words = SplitCommand(text)) SF_ASSERT(!words->empty());
  if (const auto keys = ParseCredentialsJson(Secret(text), {})) {
    SF_ASSERT(!keys->access_key_id.empty() && !keys->secret_access_key.empty());
  }
  if (const auto request = RequestForUrl(text)) {
    SF_ASSERT(!request->host.empty() && request->path.starts_with('/'));
    SF_ASSERT(request->host.find('@') == std::string::npos);
  }
  return 0;
}
