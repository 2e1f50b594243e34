#include "state/snapshot/java_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata_limits.h"
#include "tests/state/snapshot/metadata_bytes.h"

namespace stateferry::state::snapshot {
namespace {

using namespace bytes;
using testing::HasSubstr;

constexpr int kNull = 0x70, kReference = 0x71, kClassDesc = 0x72, kObject = 0x73, kString = 0x74,
              kBlockData = 0x77, kEnd = 0x78, kEnum = 0x7e;
const std::string kCheckpoint = "org.apache.flink.runtime.checkpoint.";

std::string Stream(const std::string& content) { return "\xac\xed" + U8(0) + U8(5) + content; }
std::string Text(std::string_view text) { return U8(kString) + Utf(text); }
std::string BackReference(int index) { return U8(kReference) + I32(0x7e0000 + index); }
/// `fields`: u16 count and content.
std::string Class(const std::string& name, int flags, const std::string& fields,
                  const std::string& super) {
  return U8(kClassDesc) + Utf(name) + I64(2) + U8(flags) + fields + U8(kEnd) + super;
}
std::string Fields(int count) { return U8(0) + U8(count); }
std::string Object(const std::string& java_class, const std::string& data) {
  return U8(kObject) + java_class + data;
}
const std::string kNoSuper = U8(kNull);

/// CheckpointProperties{boolean forced; SavepointType checkpointType{formatType, name}}.
std::string SavepointProperties() {
  const std::string enum_base = Class("java.lang.Enum", 0x12, Fields(0), kNoSuper);
  const std::string format_class =
      Class("org.apache.flink.core.execution.SavepointFormatType", 0x12, Fields(0), enum_base);
  const std::string format = U8(kEnum) + format_class + Text("NATIVE");
  const std::string type_class =
      Class(kCheckpoint + "SavepointType", 0x02,
            Fields(2) + "L" + Utf("formatType") + Text("Lorg/x/SavepointFormatType;") + "L" +
                Utf("name") + Text("Ljava/lang/String;"),
            kNoSuper);
  const std::string properties_class =
      Class(kCheckpoint + "CheckpointProperties", 0x02,
            Fields(2) + "Z" + Utf("forced") + "L" + Utf("checkpointType") + Text("Lorg/x/Type;"),
            kNoSuper);
  return Stream(
      Object(properties_class, U8(1) + Object(type_class, format + Text("Suspend Savepoint"))));
}

Error ReadError(const std::string& stream) {
  auto read = ReadJavaProperties(AsBytes(stream));
  if (read) {
    ADD_FAILURE() << "was read";
    return {ErrorCode::kInternal, ""};
  }
  return read.error();
}

TEST(JavaProperties, NullIsFiveBytes) {
  auto read = ReadJavaProperties(AsBytes(NullProperties()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->properties.type_name, "");
}

TEST(JavaProperties, SaysWhatKindOfSavepointItIs) {
  const std::string stream = SavepointProperties();
  auto read = ReadJavaProperties(AsBytes(stream));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->properties.is_savepoint);
  EXPECT_EQ(read->properties.type_name, "Suspend Savepoint");
  EXPECT_EQ(read->properties.format, "NATIVE");
  EXPECT_TRUE(read->warnings.empty());
}

TEST(JavaProperties, EveryTruncationAndAnyTrailingByteIsAnError) {
  const std::string stream = SavepointProperties();
  for (std::size_t length = 0; length < stream.size(); ++length) {
    const std::string cut = stream.substr(0, length);
    EXPECT_FALSE(ReadJavaProperties(AsBytes(cut))) << length;
  }
  EXPECT_THAT(ReadError(stream + "x").message(), HasSubstr("1 bytes after the end"));
}

TEST(JavaProperties, WarnsOfForeignClasses) {
  const std::string stream = Stream(Object(Class("evil.Gad\nget", 0x02, Fields(0), kNoSuper), ""));
  auto read = ReadJavaProperties(AsBytes(stream));
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->warnings.size(), 1U);
  EXPECT_THAT(read->warnings[0], HasSubstr("evil.Gad\\nget"));
}

TEST(JavaProperties, ReadsFieldsOfEveryKindAndBackReferences) {
  const std::string java_class =
      Class("C", 0x03,
            Fields(9) + "B" + Utf("b") + "C" + Utf("c") + "D" + Utf("d") + "F" + Utf("f") + "I" +
                Utf("i") + "J" + Utf("j") + "S" + Utf("s") + "Z" + Utf("z") + "L" + Utf("l") +
                Text("LC;"),
            kNoSuper);
  const std::string primitives(1 + 2 + 8 + 4 + 4 + 8 + 2 + 1, 'p');
  const std::string annotation =
      U8(kBlockData) + U8(3) + "abc" + Text("t") + U8(kNull) + BackReference(1) + U8(kEnd);
  // The object refers to itself (class 0, field type 1, object 2).
  const std::string stream = Stream(Object(java_class, primitives + BackReference(2) + annotation));
  auto read = ReadJavaProperties(AsBytes(stream));
  EXPECT_TRUE(read) << read.error().message();
}

TEST(JavaProperties, RefusesWhatItCannotFollow) {
  EXPECT_THAT(ReadError("").message(), HasSubstr("at byte 0"));
  EXPECT_THAT(ReadError("\xac\xed" + U8(0) + U8(6) + U8(kNull)).message(),
              HasSubstr("not a Java serialization stream"));
  EXPECT_EQ(ReadError(Stream(U8(0x75))).code(), ErrorCode::kRefused);
  EXPECT_THAT(ReadError(Stream(U8(0x75))).message(), HasSubstr("type code 117"));
  EXPECT_THAT(ReadError(Stream(BackReference(0))).message(), HasSubstr("was not there before"));
  EXPECT_THAT(ReadError(Stream(Object(U8(kNull), ""))).message(),
              HasSubstr("an object without a class"));
  const std::string array = Class("C", 2, Fields(1) + "[" + Utf("a"), kNoSuper);
  EXPECT_THAT(ReadError(Stream(Object(array, ""))).message(), HasSubstr("type code 91"));
  const std::string external = Class("C", 0x04, Fields(0), kNoSuper);
  EXPECT_EQ(ReadError(Stream(Object(external, ""))).code(), ErrorCode::kRefused);
  const std::string circle = Class("C", 2, Fields(0), BackReference(0));
  EXPECT_THAT(ReadError(Stream(Object(circle, ""))).message(), HasSubstr("inherits from itself"));
  const std::string wide_circle =
      Class("C", 2, Fields(0), Class("D", 2, Fields(0), BackReference(0)));
  EXPECT_THAT(ReadError(Stream(Object(wide_circle, ""))).message(),
              HasSubstr("inherits from itself"));
}

TEST(JavaProperties, LimitsDepthAndNumberOfObjects) {
  std::string nested = U8(kNull);
  for (int i = 0; i < 40; ++i) {
    nested = Object(Class("C", 2, Fields(1) + "L" + Utf("f") + U8(kNull), kNoSuper), nested);
  }
  EXPECT_EQ(ReadError(Stream(nested)).code(), ErrorCode::kRefused);
  EXPECT_THAT(ReadError(Stream(nested)).message(), HasSubstr("nested deeper than 16"));

  std::string strings;
  for (std::size_t i = 0; i < kMaxJavaHandles; ++i) strings += Text("");
  const std::string many = Stream(Object(Class("C", 3, Fields(0), kNoSuper), strings + U8(kEnd)));
  EXPECT_THAT(ReadError(many).message(), HasSubstr("more than 4096 objects"));

  const std::string large(kMaxPropertiesBytes + 1, '\0');
  EXPECT_EQ(ReadError(large).code(), ErrorCode::kRefused);
}

}  // namespace
}  // namespace stateferry::state::snapshot
