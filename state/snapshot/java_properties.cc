#include "state/snapshot/java_properties.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "state/snapshot/flink_metadata_cursor.h"
#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {
namespace {

// Type codes and flags of the Java Object Serialization Stream Protocol.
constexpr std::uint32_t kStreamHeader = 0xaced0005;
constexpr std::uint8_t kTcNull = 0x70, kTcReference = 0x71, kTcClassDesc = 0x72, kTcObject = 0x73,
                       kTcString = 0x74, kTcBlockData = 0x77, kTcEndBlockData = 0x78,
                       kTcEnum = 0x7e;
constexpr std::uint8_t kWriteMethod = 0x01, kSerializable = 0x02, kEnumFlag = 0x10;
constexpr std::int32_t kFirstHandle = 0x7e0000;
constexpr std::size_t kMaxTextBytes = 256;

constexpr std::array<std::string_view, 7> kExpectedClasses = {
    "java.lang.Enum",
    "org.apache.flink.core.execution.SavepointFormatType",
    "org.apache.flink.runtime.checkpoint.CheckpointProperties",
    "org.apache.flink.runtime.checkpoint.CheckpointType",
    "org.apache.flink.runtime.checkpoint.SavepointType",
    "org.apache.flink.runtime.checkpoint.SavepointType$PostCheckpointAction",
    "org.apache.flink.runtime.checkpoint.SnapshotType$SharingFilesStrategy",
};
constexpr std::string_view kCheckpointType = "org.apache.flink.runtime.checkpoint.CheckpointType";
constexpr std::string_view kSavepointType = "org.apache.flink.runtime.checkpoint.SavepointType";

struct JavaField {
  char type = 0;
  std::string name;
};
struct JavaClass {
  std::string name;
  std::uint8_t flags = 0;
  std::vector<JavaField> fields;
  std::optional<std::size_t> super;  ///< index into classes_
};

/// What a back reference can mean.
struct JavaHandle {
  enum class Kind { kClass, kString, kOther } kind = Kind::kOther;
  std::size_t class_index = 0;
  std::string text;
};

class StreamWalker {
 public:
  explicit StreamWalker(ByteSpan stream) : in_(stream) {}
  Result<JavaProperties> Walk();

 private:
  /// Gives the text of a string or the constant of an enum, for the fields that are looked at.
  std::string Content(int depth);
  std::optional<std::size_t> ClassDesc(int depth);
  std::optional<std::size_t> NewClassDesc(int depth);
  void Annotation(int depth);
  std::string Object(int depth);
  void ClassData(std::size_t class_index, int depth);
  void Field(const JavaField& field, const std::string& class_name, int depth);
  std::string Enum(int depth);
  std::string NewString();
  const JavaHandle* Reference();
  std::size_t NewHandle(JavaHandle handle);
  bool TooDeep(int depth);
  void UnknownCode(std::uint8_t code);
  void Collect(const std::string& class_name, const std::string& field, std::string value);

  MetadataCursor in_;
  std::vector<JavaHandle> handles_;
  std::vector<JavaClass> classes_;
  JavaProperties out_;
};

Result<JavaProperties> StreamWalker::Walk() {
  const auto header = static_cast<std::uint32_t>(in_.I32());
  if (in_.ok() && header != kStreamHeader) in_.Fail("not a Java serialization stream");
  Content(0);
  if (in_.remaining() != 0) {
    in_.Fail(std::to_string(in_.remaining()) + " bytes after the end of the object");
  }
  if (!in_.ok()) return in_.error();
  for (const JavaClass& java_class : classes_) {
    if (std::find(kExpectedClasses.begin(), kExpectedClasses.end(), java_class.name) !=
        kExpectedClasses.end()) {
      continue;
    }
    out_.warnings.push_back("the checkpoint properties name the Java class \"" +
                            PrintableText(java_class.name) +
                            "\", which Flink never writes there; restoring this snapshot would "
                            "deserialize it");
  }
  return std::move(out_);
}

std::string StreamWalker::Content(int depth) {
  if (TooDeep(depth)) return {};
  const std::uint8_t code = in_.U8();
  if (!in_.ok()) return {};
  switch (code) {
    case kTcNull: return {};
    case kTcReference: {
      const JavaHandle* handle = Reference();
      return handle != nullptr ? handle->text : std::string();
    }
    case kTcObject: return Object(depth);
    case kTcString: return NewString();
    case kTcEnum: return Enum(depth);
    default: UnknownCode(code); return {};
  }
}

std::optional<std::size_t> StreamWalker::ClassDesc(int depth) {
  if (TooDeep(depth)) return std::nullopt;
  const std::uint8_t code = in_.U8();
  if (!in_.ok() || code == kTcNull) return std::nullopt;
  if (code == kTcClassDesc) return NewClassDesc(depth);
  if (code != kTcReference) {
    UnknownCode(code);
    return std::nullopt;
  }
  const JavaHandle* handle = Reference();
  if (handle == nullptr) return std::nullopt;
  if (handle->kind != JavaHandle::Kind::kClass) {
    in_.Fail("a class that refers back to something else");
    return std::nullopt;
  }
  return handle->class_index;
}

std::optional<std::size_t> StreamWalker::NewClassDesc(int depth) {
  JavaClass java_class;
  java_class.name = in_.Utf("a class name");
  in_.I64();  // serialVersionUID
  const std::size_t index = classes_.size();
  NewHandle({JavaHandle::Kind::kClass, index, {}});
  java_class.flags = in_.U8();
  if (in_.ok() && (java_class.flags & ~(kWriteMethod | kSerializable | kEnumFlag)) != 0) {
    in_.Fail("a class with flags Flink's classes do not have", ErrorCode::kRefused);
  }
  const std::string_view raw_count = in_.Raw(2, "a field count");
  const auto count =
      raw_count.empty() ? std::uint16_t{0} : LoadBig<std::uint16_t>(raw_count.data());
  in_.CheckCount(count, "fields", 3, sizeof(JavaField));
  // A class may be named again while its fields and superclass are read, so it has its place first.
  if (!in_.ok()) return std::nullopt;
  classes_.push_back(std::move(java_class));
  for (std::uint16_t i = 0; i < count && in_.ok(); ++i) {
    JavaField field;
    field.type = static_cast<char>(in_.U8());
    field.name = in_.Utf("a field name");
    if (field.type == 'L') Content(depth + 1);  // the name of its class
    classes_[index].fields.push_back(std::move(field));
  }
  Annotation(depth + 1);
  const std::optional<std::size_t> super = ClassDesc(depth + 1);
  // A class that is its own ancestor would never end.
  for (auto ancestor = super; ancestor && in_.ok(); ancestor = classes_[*ancestor].super) {
    if (*ancestor == index) in_.Fail("a class that inherits from itself");
  }
  if (in_.ok()) classes_[index].super = super;
  return index;
}

void StreamWalker::Annotation(int depth) {
  while (in_.ok()) {
    const std::uint8_t code = in_.U8();
    if (!in_.ok() || code == kTcEndBlockData) return;
    if (code == kTcNull) continue;
    if (code == kTcBlockData) {
      in_.Raw(in_.U8(), "block data");
    } else if (code == kTcObject && !TooDeep(depth)) {
      Object(depth);
    } else if (code == kTcString) {
      NewString();
    } else if (code == kTcReference) {
      Reference();
    } else {
      UnknownCode(code);
    }
  }
}

std::string StreamWalker::Object(int depth) {
  const std::optional<std::size_t> java_class = ClassDesc(depth + 1);
  NewHandle({});
  if (!in_.ok()) return {};
  if (!java_class) {
    in_.Fail("an object without a class");
    return {};
  }
  ClassData(*java_class, depth);
  return {};
}

void StreamWalker::ClassData(std::size_t class_index, int depth) {
  if (TooDeep(depth)) return;
  // Copied: reading a field may add classes and move the table.
  const JavaClass java_class = classes_[class_index];
  if (java_class.super) ClassData(*java_class.super, depth + 1);
  if (in_.ok() && (java_class.flags & kSerializable) == 0) {
    in_.Fail("an object of a class that is not serializable", ErrorCode::kRefused);
  }
  for (const JavaField& field : java_class.fields) {
    if (!in_.ok()) return;
    Field(field, java_class.name, depth + 1);
  }
  if ((java_class.flags & kWriteMethod) != 0) Annotation(depth + 1);
}

void StreamWalker::Field(const JavaField& field, const std::string& class_name, int depth) {
  switch (field.type) {
    case 'B':
    case 'Z': in_.U8(); return;
    case 'C':
    case 'S': in_.Raw(2, "a 2-byte field"); return;
    case 'F':
    case 'I': in_.I32(); return;
    case 'D':
    case 'J': in_.I64(); return;
    case 'L': Collect(class_name, field.name, Content(depth)); return;
    default:
      in_.Fail("a Java field of type code " +
                   std::to_string(static_cast<std::uint8_t>(field.type)) +
                   ", which Flink's classes do not have",
               ErrorCode::kRefused);
  }
}

std::string StreamWalker::Enum(int depth) {
  ClassDesc(depth + 1);
  NewHandle({});
  const std::uint8_t code = in_.U8();
  if (!in_.ok()) return {};
  if (code == kTcString) return NewString();
  const JavaHandle* handle = code == kTcReference ? Reference() : nullptr;
  if (handle != nullptr && handle->kind == JavaHandle::Kind::kString) return handle->text;
  in_.Fail("an enum constant without a name");
  return {};
}

std::string StreamWalker::NewString() {
  const std::size_t handle = NewHandle({JavaHandle::Kind::kString, 0, {}});
  std::string text = in_.Utf("a string");
  // Only short texts are of interest, and many references to one long text would cost much.
  text.resize(std::min(text.size(), kMaxTextBytes));
  handles_[handle].text = text;
  return text;
}

const JavaHandle* StreamWalker::Reference() {
  const std::int32_t handle = in_.I32();
  const std::int64_t index = std::int64_t{handle} - kFirstHandle;
  if (!in_.ok()) return nullptr;
  if (index < 0 || index >= static_cast<std::int64_t>(handles_.size())) {
    in_.Fail("a reference to an object that was not there before");
    return nullptr;
  }
  return &handles_[static_cast<std::size_t>(index)];
}

std::size_t StreamWalker::NewHandle(JavaHandle handle) {
  if (handles_.size() >= kMaxJavaHandles) {
    in_.Fail("more than " + std::to_string(kMaxJavaHandles) + " objects", ErrorCode::kRefused);
  }
  handles_.push_back(std::move(handle));
  return handles_.size() - 1;
}

bool StreamWalker::TooDeep(int depth) {
  if (in_.ok() && depth > kMaxJavaNesting) {
    in_.Fail("objects nested deeper than " + std::to_string(kMaxJavaNesting), ErrorCode::kRefused);
  }
  return !in_.ok();
}

void StreamWalker::UnknownCode(std::uint8_t code) {
  in_.Fail("Java type code " + std::to_string(code) + ", which Flink does not write there",
           ErrorCode::kRefused);
}

void StreamWalker::Collect(const std::string& class_name, const std::string& field,
                           std::string value) {
  const bool savepoint = class_name == kSavepointType;
  if (!savepoint && class_name != kCheckpointType) return;
  out_.properties.is_savepoint = savepoint;
  if (field == "name") out_.properties.type_name = std::move(value);
  if (savepoint && field == "formatType") out_.properties.format = std::move(value);
}

}  // namespace

Result<JavaProperties> ReadJavaProperties(ByteSpan stream) {
  if (stream.size() > kMaxPropertiesBytes) {
    return Error(ErrorCode::kRefused, "they have " + std::to_string(stream.size()) +
                                          " bytes, more than the limit of " +
                                          std::to_string(kMaxPropertiesBytes));
  }
  return StreamWalker(stream).Walk();
}

}  // namespace stateferry::state::snapshot
