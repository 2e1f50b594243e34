#pragma once
// Reads the three families of state handles.  Failures stick to the cursor.

#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_cursor.h"

namespace stateferry::state::snapshot {

/// Tags 8, 9 and 10 have two layouts under one number.
enum class ChangelogLayout { kFlink115, kFlink114 };

class HandleReader {
 public:
  HandleReader(MetadataCursor& in, ChangelogLayout layout) : in_(in), layout_(layout) {}

  /// Any stream handle; kNull only when `may_be_null`.
  StreamHandle Stream(bool may_be_null = false);
  OperatorStateHandle OperatorState();
  /// An absent Box for tag 0.
  Box<KeyedHandle> Keyed();
  /// `tagged`: with a tag byte (version >= 6).
  ChannelHandle Channel(bool input, bool tagged);

  /// A tag whose layout changed between 1.14 and 1.15 was met.
  bool met_changelog_tag() const { return met_changelog_tag_; }

 private:
  StreamHandle ReadStream(bool may_be_null);
  Box<KeyGroupsStream> ReadKeyGroupsStream();
  KeyedHandle KeyedBody(std::uint8_t tag);
  void IncrementalBody(KeyedHandle& handle);
  void ChangelogBody(KeyedHandle& handle);
  void ChangelogBytesBody(KeyedHandle& handle);
  void ChangelogFilesBody(KeyedHandle& handle);
  KeyedHandle ChangelogChild(bool change);
  void MergedParts(ChannelHandle& handle);
  KeyGroupRange KeyGroups();
  std::vector<std::int64_t> Offsets(std::int32_t count);
  std::vector<NamedStream> List(std::string_view what);
  std::string AbsolutePath(std::string_view what);
  void UnknownTag(std::string_view family, std::uint8_t tag);
  bool Enter();
  void Leave() { --depth_; }
  bool has_handle_ids() const { return layout_ == ChangelogLayout::kFlink115; }

  MetadataCursor& in_;
  ChangelogLayout layout_;
  int depth_ = 0;
  bool met_changelog_tag_ = false;
};

}  // namespace stateferry::state::snapshot
