#pragma once
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"

// One connection's bytes in cuts of any size, as its reader brings them.
namespace trommel::net {

struct ConnectionRow {
    std::string raw, detail;  // detail: of a corrupt one.
    uint64_t offset = 0;
    uint32_t partition = 0;
    bool operator==(const ConnectionRow&) const = default;
};

struct CutStream {
    std::vector<ConnectionRow> rows;
    Connection::State state = Connection::State::hungry;  // The last one.
    size_t waiting_bytes_max = 0;                         // That it kept, at most.
};

// `next_cut` is asked how many bytes are next. Each cut is in memory of its own, so that reading
// beyond it is seen.
template <class NextCut>
CutStream cut_stream_by(Connection& connection, std::string_view bytes, Connection::End end,
                        const Config& config, uint32_t capacity, NextCut next_cut) {
    CutStream result;
    RecordBatch batch(config, capacity);
    const size_t room = connection.room();
    Connection::Taken taken;
    bool ending = false;
    for (bool done = false; !done;) {
        std::vector<char> cut;
        if (!connection.has_records() && !ending) {
            const size_t size =
                std::min({bytes.size(), connection.room(), std::max<size_t>(1, next_cut())});
            cut.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            bytes.remove_prefix(size);
            ending = size == 0;
        }
        taken =
            connection.take({cut.data(), cut.size()}, ending ? end : Connection::End::none, batch);
        EXPECT_LE(connection.room(), room);
        result.waiting_bytes_max = std::max(result.waiting_bytes_max, room - connection.room());
        for (uint32_t row = 0; row < batch.count; ++row) {
            const bool corrupt = batch.verdict[row] == Verdict::corrupt;
            result.rows.push_back({std::string(batch.raw[row]),
                                   corrupt ? std::string(batch.detail[row]) : "", batch.offset[row],
                                   batch.partition[row]});
        }
        batch.clear();
        const bool stopped =
            taken.state == Connection::State::damaged || taken.state == Connection::State::refused;
        done = stopped || (ending && taken.state == Connection::State::hungry);
    }
    result.state = taken.state;
    return result;
}

inline CutStream cut_stream(Connection& connection, std::string_view bytes, Connection::End end,
                            const Config& config, size_t cut_bytes = SIZE_MAX,
                            uint32_t capacity = 1000) {
    return cut_stream_by(connection, bytes, end, config, capacity, [&] { return cut_bytes; });
}

}  // namespace trommel::net
