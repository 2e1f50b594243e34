#include "base/copy_past_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace stateferry {
namespace {

TEST(CopyPastCache, CopiesTheseBytesAndNoOthers) {
  std::string from(1000, '\0');
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>(i * 7 + i / 256);
  for (const std::size_t size : {0u, 1u, 15u, 63u, 64u, 65u, 127u, 128u, 200u, 777u})
    for (std::size_t at_to = 0; at_to < 66; ++at_to)
      for (const std::size_t at_from : {0u, 1u, 8u}) {
        std::string to(1000, '*'), wanted = to;
        wanted.replace(at_to, size, from, at_from, size);
        CopyPastCache(reinterpret_cast<std::byte*>(to.data()) + at_to,
                      AsBytes(from).subspan(at_from, size));
        ASSERT_EQ(to, wanted) << size << " bytes from " << at_from << " to " << at_to;
      }
}

}  // namespace
}  // namespace stateferry
