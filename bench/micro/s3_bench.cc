#include <benchmark/benchmark.h>

#include "bench/micro/content.h"
#include "storage/s3/checksums.h"
#include "storage/s3/signer.h"

namespace stateferry::bench {
namespace {

using namespace storage::s3;

/// What one byte costs that goes to or comes from a bucket; `range(0)` bytes at a time.
template <auto kCrc>
void CrcOfPart(benchmark::State& state) {
  const ByteSpan bytes = SstBytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(kCrc(bytes, 0));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(CrcOfPart<Crc64Nvme>)->Arg(4 << 10)->Arg(8 << 20);
BENCHMARK(CrcOfPart<Crc64Ecma>)->Arg(8 << 20);
BENCHMARK(CrcOfPart<Crc32c>)->Arg(8 << 20);
BENCHMARK(CrcOfPart<internal::PortableCrc64Nvme>)->Arg(8 << 20);

void SignRangedGet(benchmark::State& state, const std::unique_ptr<Signer>& signer) {
  const Credentials credentials{.access_key_id = "AKIDEXAMPLE",
                                .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCY")};
  HttpRequest request;
  request.host = "bucket.s3.eu-west-1.amazonaws.com";
  request.path = "/flink/checkpoints/0123456789abcdef/shared/5a1f0f4e-2c53-4b2c-8d0b-1f5b";
  request.headers = {{"Range", "bytes=0-8388607"}, {"If-Match", "\"d41d8cd98f00b204e98009\""}};
  const auto now = std::chrono::system_clock::now();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        signer->Sign(request, credentials, Payload::Unsigned(), now).has_value());
  }
}
BENCHMARK_CAPTURE(SignRangedGet, sigv4, MakeSigV4Signer({.region = "eu-west-1"}));
BENCHMARK_CAPTURE(SignRangedGet, oss_v4, MakeOssV4Signer({.region = "cn-hangzhou"}));

}  // namespace
}  // namespace stateferry::bench
