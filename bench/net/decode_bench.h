#pragma once
#include <benchmark/benchmark.h>
#include <memory>

#include "bench/kit/encoded_stream.h"
#include "bench/kit/timing.h"
#include "net/decoder.h"

namespace trommel::bench {

// One adaptor for every decoder: a stream of `n` records in memory, batch by batch.
inline void decode(benchmark::State& state, const EncodedStream& stream,
                   const net::DecodeOptions& options) {
    const Config config = config_for(options);
    net::PartitionTable partitions("memory");
    std::unique_ptr<net::Decoder> decoder;
    const Status status = make_decoder(options, {&partitions, &system_clock()}, decoder);
    if (!status.ok()) return state.SkipWithError(status.message.c_str());
    RecordBatch batch(config, kSliceRecords);
    Tally tally;
    for (auto _ : state) {
        tally = {};
        double seconds = 0;
        decoder->begin_stream();
        for (size_t s = 0; s < stream.slices(); ++s) {
            const double begin = cpu_seconds();
            batch.clear();
            decoder->decode({stream.slice(s), stream.cuts[s]}, batch);
            seconds += cpu_seconds() - begin;
            tally.add(batch);
        }
        state.SetIterationTime(seconds);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(stream.tally.records));
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream.size));
    if (tally != stream.tally) state.SkipWithError("the rows are not what was written");
}

inline void stream_sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("n")->Arg(1 << 12)->Arg(1 << 16)->Arg(1 << 20)->UseManualTime();
}

}  // namespace trommel::bench
