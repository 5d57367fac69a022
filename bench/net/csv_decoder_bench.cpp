#include "bench/net/decode_bench.h"
#include "net/csv_decoder.h"

namespace trommel::bench {
namespace {

void csv_decoder(benchmark::State& state) {
    decode(state, make_csv_lines(static_cast<uint64_t>(state.range(0))), csv_lines_decode());
}
BENCHMARK(csv_decoder)->Apply(stream_sizes);

}  // namespace
}  // namespace trommel::bench
