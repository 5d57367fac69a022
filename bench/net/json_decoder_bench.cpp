#include "bench/net/decode_bench.h"
#include "net/json_decoder.h"

namespace trommel::bench {
namespace {

void json_decoder(benchmark::State& state) {
    decode(state, make_json_lines(static_cast<uint64_t>(state.range(0))), json_lines_decode());
}
BENCHMARK(json_decoder)->Apply(stream_sizes);

}  // namespace
}  // namespace trommel::bench
