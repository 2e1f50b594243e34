// Any bytes as `_metadata`: an error, or a value that is written back as the same bytes.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_visit.h"

using namespace stateferry;
using namespace stateferry::state::snapshot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan file{reinterpret_cast<const std::byte*>(data), size};
  auto read = ReadFlinkMetadata(file);
  if (!read) {
    SF_ASSERT(!read.error().message().empty());
    return 0;
  }
  std::uint64_t described_bytes = 0;
  const auto streams = VisitStreamHandles(
      *read, [&](StreamHandle& handle, const HandleContext& context) -> Result<void> {
        described_bytes += DescribeHandle(context).size() + handle.path.size();
        return {};
      });
  SF_ASSERT(streams.has_value());
  for (const Operator& op : read->operators) described_bytes += SizesOf(op).inline_bytes;
  if (read->version > kNewestWrittenVersion) return 0;

  auto written = WriteFlinkMetadata(*read);
  SF_ASSERT(written.has_value());
  SF_ASSERT(*written == AsText(file));

  // What relocation does: every place renamed, merged state unmerged.  The result must be readable.
  const auto states = VisitOperatorStates(
      *read, [](Box<OperatorStateHandle>& handle, const HandleContext&) -> Result<void> {
        if (handle->tag != OperatorStateTag::kFileMerging) return {};
        handle->tag = OperatorStateTag::kPartitionable;
        if (handle->stream.tag == StreamTag::kEmptySegment) handle.reset();
        return {};
      });
  SF_ASSERT(states.has_value());
  const auto renamed =
      VisitStreamHandles(*read, [](StreamHandle& handle, const HandleContext&) -> Result<void> {
        if (handle.tag == StreamTag::kFile || handle.tag == StreamTag::kSegment) {
          handle = StreamHandle::Relative("copy", handle.size_bytes);
        }
        return {};
      });
  SF_ASSERT(renamed.has_value());
  auto relocated = WriteFlinkMetadata(*read);
  SF_ASSERT(relocated.has_value());
  SF_ASSERT(ReadFlinkMetadata(AsBytes(*relocated)).has_value());
  return 0;
}
