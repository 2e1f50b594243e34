#include <gtest/gtest.h>

#include "storage/s3/s3_answers.h"

namespace stateferry::storage::s3 {
namespace {

const std::string kDeclaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";

std::string List(const std::string& inside) {
  return kDeclaration + R"(<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)" +
         inside + "</ListBucketResult>";
}

std::string Object(const std::string& key, const std::string& size = "7") {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2025-01-02T03:04:05.006Z</LastModified>"
         "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e-3&quot;</ETag><Size>" +
         size + "</Size><StorageClass>STANDARD</StorageClass></Contents>";
}

const std::string kWhole = "<IsTruncated>false</IsTruncated>";
const std::string kUrl = "<EncodingType>url</EncodingType>";

TEST(ListAnswers, ReadsAPageAsAwsWritesIt) {
  const auto page = ParseListPage(
      List("<Name>b</Name><Prefix>a</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>"
           "<IsTruncated>true</IsTruncated>" +
           kUrl + Object("a+b%2Bc/%E5%BF%AB") +
           "<CommonPrefixes><Prefix>a+d/</Prefix></CommonPrefixes>"
           "<NextContinuationToken>1ueGc+xLPRx1Tr/XY%2F=</NextContinuationToken>"),
      {});
  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(page->objects.size(), 1U);
  const ListedObject& object = page->objects[0];
  EXPECT_EQ(object.key, "a b+c/快");
  EXPECT_EQ(object.size_bytes, 7U);
  EXPECT_EQ(object.mtime_ns, 1735787045006000000);
  EXPECT_EQ(object.etag, "d41d8cd98f00b204e9800998ecf8427e-3");
  EXPECT_EQ(object.storage_class, "STANDARD");
  EXPECT_EQ(page->common_prefixes, std::vector<std::string>{"a d/"});
  EXPECT_TRUE(page->is_truncated);
  EXPECT_EQ(page->next, "1ueGc+xLPRx1Tr/XY%2F=");  // opaque
  EXPECT_TRUE(page->was_encoded);
}

TEST(ListAnswers, DecodesKeysOnlyWhenTheAnswerSaysThatTheyAreEncoded) {
  const auto raw = ParseListPage(List(kWhole + Object("a+b%2Bc &amp;&lt;&#x41;&#xD;")), {});
  ASSERT_TRUE(raw.has_value());
  EXPECT_EQ(raw->objects[0].key, "a+b%2Bc &<A\r");
  EXPECT_FALSE(raw->was_encoded);
  const auto encoded = ParseListPage(List(kWhole + kUrl + Object("a%20b%2B")), {});
  EXPECT_EQ(encoded->objects[0].key, "a b+");
}

TEST(ListAnswers, KeepsBlanksAndCdataOfKeys) {
  const auto page =
      ParseListPage(List(kWhole + Object("  ") + Object(" a\n") + Object("x<![CDATA[<&]]>y")), {});
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->objects[0].key, "  ");
  EXPECT_EQ(page->objects[1].key, " a\n");
  EXPECT_EQ(page->objects[2].key, "x<&y");
}

TEST(ListAnswers, OssEncodesTheTokenToo) {
  const std::string xml =
      List("<IsTruncated>true</IsTruncated>" + kUrl +
           "<NextContinuationToken>CgJi%2BYw--</NextContinuationToken>" +
           "<Contents><Key>k</Key><Size>0</Size><Type>Symlink</Type></Contents>");
  EXPECT_EQ(ParseListPage(xml, {.token_is_encoded = true})->next, "CgJi+Yw--");
  EXPECT_EQ(ParseListPage(xml, {})->next, "CgJi%2BYw--");
  EXPECT_EQ(ParseListPage(xml, {})->objects[0].type, "Symlink");
  EXPECT_EQ(ParseListPage(xml, {})->objects[0].mtime_ns, 0);
}

TEST(ListAnswers, V1GoesOnFromTheMarkerOrTheLastName) {
  const ListParsing v1{.version = ListVersion::kV1};
  const std::string truncated = "<IsTruncated>true</IsTruncated>" + kUrl;
  EXPECT_EQ(
      ParseListPage(List(truncated + "<NextMarker>a%2Fb</NextMarker>" + Object("a")), v1)->next,
      "a/b");
  EXPECT_EQ(ParseListPage(List(truncated + Object("a") + Object("b+c")), v1)->next, "b c");
  EXPECT_EQ(ParseListPage(List(truncated + Object("a") +
                               "<CommonPrefixes><Prefix>z%2F</Prefix></CommonPrefixes>"),
                          v1)
                ->next,
            "z/");
}

TEST(ListAnswers, RefusesPagesThatWouldLoseOrInventKeys) {
  for (const std::string& bad : {
           List(Object("k")),                                      // no IsTruncated
           List("<IsTruncated>maybe</IsTruncated>"),               //
           List("<IsTruncated>true</IsTruncated>" + Object("k")),  // no token
           List("<IsTruncated>true</IsTruncated><NextContinuationToken/>"),
           List(kWhole + Object("")),                                 //
           List(kWhole + Object("k", "")),                            //
           List(kWhole + Object("k", "-1")),                          //
           List(kWhole + Object("k", "7x")),                          //
           List(kWhole + Object("k", "18446744073709551616")),        //
           List(kWhole + "<Contents><Size>1</Size></Contents>"),      //
           List(kWhole + kUrl + Object("a%2")),                       // a broken escape
           List(kWhole + Object("a&unknown;")),                       //
           List(kWhole + Object("a&#0;b")),                           // NUL would cut the key
           List(kWhole + Object("a&#x00;b")),                         //
           List(kWhole + Object("a&#4294967296;b")),                  // wraps to NUL
           List(kWhole + Object("a&#xD800;")),                        //
           List(kWhole + Object(std::string("a\0b", 3))),             //
           List(kWhole + Object("k")).substr(0, 200),                 // cut
           List(kWhole) + List(kWhole),                               //
           std::string("<html><body>proxy</body></html>"),            //
           std::string("<Error><Code>InternalError</Code></Error>"),  //
           std::string(),
       }) {
    const auto page = ParseListPage(bad, {});
    ASSERT_FALSE(page.has_value()) << bad;
    EXPECT_EQ(page.error().code(), ErrorCode::kCorruption);
    EXPECT_EQ(page.error().retry(), Retry::kMayHelp);
  }
}

TEST(ListAnswers, RefusesDocumentTypesAndTooMuchOfAnything) {
  const std::string bomb = kDeclaration +
                           R"(<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>)" +
                           "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  EXPECT_FALSE(ParseListPage(bomb, {}).has_value());
  const std::string plain_doctype =
      "<!DOCTYPE l><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  EXPECT_FALSE(ParseListPage(plain_doctype, {}).has_value());

  std::string many = kWhole;
  for (int i = 0; i < 500'000; ++i) many += "<a/>";
  EXPECT_FALSE(ParseListPage(List(many), {}).has_value());
  EXPECT_FALSE(ParseListPage(List(kWhole + std::string(17 << 20, ' ')), {}).has_value());

  std::string deep = kWhole;
  for (int i = 0; i < 190'000; ++i) deep += "<a>";
  for (int i = 0; i < 190'000; ++i) deep += "</a>";
  EXPECT_TRUE(ParseListPage(List(deep), {}).has_value());  // deep, but no recursion to overflow
}

TEST(ListAnswers, ReadsAFullPageOfTheLongestKeys) {
  std::string inside = kWhole + kUrl;
  for (int i = 0; i < 1000; ++i) {
    std::string key;
    for (int c = 0; c < 1020; ++c) key += "%01";
    inside += Object(key + std::to_string(1000 + i));
  }
  const auto page = ParseListPage(List(inside), {});
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->objects.size(), 1000U);
  EXPECT_EQ(page->objects[999].key, std::string(1020, '\1') + "1999");
}

std::string Parts(const std::string& inside) {
  return "<ListPartsResult><Key>k</Key><UploadId>U</UploadId>" + inside + "</ListPartsResult>";
}

std::string Part(const std::string& number) {
  return "<Part><PartNumber>" + number +
         "</PartNumber><ETag>\"e\"</ETag><Size>5242880</Size>"
         "<ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME>"
         "<HashCrc64ecma>11051210869376104954</HashCrc64ecma></Part>";
}

TEST(PartsPage, ReadsPartsWithTheirChecksums) {
  const auto page = ParsePartsPage(
      Parts("<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT"
            "</ChecksumType><IsTruncated>true</IsTruncated><NextPartNumberMarker>3"
            "</NextPartNumberMarker>" +
            Part("1") + Part("3")));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->upload_id, "U");
  EXPECT_EQ(page->next_part_number, 3U);
  EXPECT_EQ(page->checksum_type, "FULL_OBJECT");
  ASSERT_EQ(page->parts.size(), 2U);
  EXPECT_EQ(page->parts[1].part_number, 3U);
  EXPECT_EQ(page->parts[1].etag, "e");
  EXPECT_EQ(page->parts[1].size_bytes, 5242880U);
  EXPECT_EQ(page->parts[1].checksums, (XmlChecksums{{"ChecksumCRC64NVME", "rosUhgp5mIg="}}));
  EXPECT_EQ(page->parts[1].crc64_ecma, 0x995dc9bbdf1939faU);
}

TEST(PartsPage, MayHaveTheNameThatMotoGivesIt) {
  const auto page = ParsePartsPage("<ListPartsResponse><Key>k</Key>" + kWhole + Part("1") +
                                   "</ListPartsResponse>");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->parts.size(), 1U);
  EXPECT_FALSE(ParsePartsPage("<ListPartsOther><Key>k</Key>" + kWhole + "</ListPartsOther>"));
}

TEST(PartsPage, RefusesPartsThatCannotBe) {
  for (const std::string& bad :
       {Parts(kWhole + Part("0")), Parts(kWhole + Part("10001")), Parts(kWhole + Part("-1")),
        Parts(kWhole + Part("2") + Part("1")), Parts(kWhole + Part("1") + Part("1")),
        Parts("<IsTruncated>true</IsTruncated>" + Part("1")), Parts(Part("1"))}) {
    EXPECT_FALSE(ParsePartsPage(bad).has_value()) << bad;
  }
}

TEST(UploadsPage, ReadsUploadsAndHowToGoOn) {
  const std::string upload =
      "<Upload><Key>a+b</Key><UploadId>U+1</UploadId>"
      "<Initiated>2025-01-02T03:04:05.000Z</Initiated></Upload>";
  const auto page = ParseUploadsPage(
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextKeyMarker>a+b</NextKeyMarker><NextUploadIdMarker>U+1</NextUploadIdMarker>" +
      upload + "</ListMultipartUploadsResult>");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->uploads[0].key, "a b");
  EXPECT_EQ(page->uploads[0].upload_id, "U+1");
  EXPECT_EQ(page->uploads[0].initiated_ns, 1735787045000000000);
  EXPECT_EQ(page->next_key, "a b");
  EXPECT_EQ(page->next_upload_id, "U+1");
  EXPECT_FALSE(ParseUploadsPage("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                                "</ListMultipartUploadsResult>")
                   .has_value());
}

}  // namespace
}  // namespace stateferry::storage::s3
