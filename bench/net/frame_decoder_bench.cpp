#include "bench/net/decode_bench.h"
#include "net/frame_decoder.h"

namespace trommel::bench {
namespace {

void frame_decoder(benchmark::State& state) {
    decode(state, make_frames(static_cast<uint64_t>(state.range(0))), frames_decode());
}
BENCHMARK(frame_decoder)->Apply(stream_sizes);

}  // namespace
}  // namespace trommel::bench
