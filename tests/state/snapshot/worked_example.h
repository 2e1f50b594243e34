#pragma once
// The 278 bytes of the worked example in docs/formats/flink-metadata.md.

#include <string>
#include <string_view>

namespace stateferry::state::snapshot {

inline std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    if (high < 0) {
      high = digit(c);
    } else {
      out.push_back(static_cast<char>(high * 16 + digit(c)));
      high = -1;
    }
  }
  return out;
}

inline std::string WorkedExample() {
  return FromHex(
      "4960672d"                           // magic
      "00000003 0000000000000007"          // version, checkpoint
      "00000000 00000001"                  // no master state, one operator
      "1111111111111111 2222222222222222"  // operator id
      "00000002 00000080 00"               // parallelism 2 of 128, no coordinator state
      "00000002"                           // two subtasks
      "00000000"                           // subtask 0
      "00000001 04 00000001"               // managed operator state: tag 4, one state
      "0003 636e74 01"                     // "cnt", UNION
      "00000001 0000000000000000"          // one offset
      "01 0001 6e 00000002 cafe"           // byte stream "n"
      "00000000"                           // no raw operator state
      "0b 0000000000000007"                // managed keyed: tag 11, checkpoint 7
      "0024 30303030303030302d303030302d303030302d303030302d303030303030303030303061"
      "00000000 00000040"                                // key groups 0..63
      "0000000000000064"                                 // checkpointed size
      "06 0002 6d31 0000000000000032"                    // meta: relative "m1", 50 bytes
      "00000001 000a 3030303031312e737374"               // one shared: "000011.sst"
      "02 0000000000001000"                              // file, 4096 bytes
      "0015 73333a2f2f622f636b2f6a2f7368617265642f7531"  // "s3://b/ck/j/shared/u1"
      "00000001 0007 43555252454e54"                     // one private: "CURRENT"
      "01 0001 63 00000010 4d414e49464553542d3030303030340a"
      "0004 69642d31"      // handle id
      "00"                 // no raw keyed state
      "00000000 00000000"  // no channel state
      "fffffffe");         // subtask 1 is finished
}

}  // namespace stateferry::state::snapshot
