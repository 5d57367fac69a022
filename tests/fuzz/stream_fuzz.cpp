// Connections: the bytes of one, whole and in cuts that the first bytes choose, give the same rows
// and counts, within the connection's buffer; for frames and for lines.
#include "net/frame_connection.h"
#include "net/record_connection.h"
#include "tests/fuzz/decoder_fuzz.h"

namespace {

using namespace trommel;

constexpr size_t kBufferBytes = 300;

struct NoClock final : Clock {
    int64_t wall_us() override { return 0; }
    int64_t monotonic_us() override { return 0; }
};

struct Choice {
    net::DecodeOptions decode;
    net::Connection::End end;
};

Choice choice_of(uint8_t byte) {
    Choice choice;
    choice.end = (byte & 1) != 0 ? net::Connection::End::broken : net::Connection::End::finished;
    choice.decode.id.form = net::IdForm::u64;
    choice.decode.record_bytes_max = 100;
    choice.decode.format = (byte & 2) != 0                             ? net::Format::binary
                           : (byte & 4) != 0 && net::built_with_json() ? net::Format::json
                                                                       : net::Format::csv;
    if (choice.decode.format == net::Format::binary) return choice;
    choice.decode.id.field = "id";
    choice.decode.time = {"t", net::TimeForm::us};
    choice.decode.csv_columns = {"id", "t"};
    if ((byte & 8) != 0) choice.decode.partition = "t";
    return choice;
}

struct Result {
    std::vector<std::string> rows;
    net::Connection::State state;
    std::string counts;
    bool operator==(const Result&) const = default;
};

// `seed` chooses the cuts; 0: none.
Result read(std::string_view bytes, const Choice& choice, uint32_t seed, uint32_t capacity) {
    NoClock clock;
    net::RecordConnections lines(choice.decode, kBufferBytes, clock);
    net::FrameIntake frames({choice.decode, {}, nullptr, 3}, clock);
    const bool binary = choice.decode.format == net::Format::binary;
    if (!binary) fuzz::require(lines.check().ok(), "there is a decoder");
    const auto connection =
        binary ? net::make_frame_connection(frames, net::Endpoint::unix_peer(1), kBufferBytes)
               : lines.connect("peer");
    Config config;
    config.dedup.id_type = IdType::u64;
    RecordBatch batch(config, capacity);
    const size_t room = connection->room();
    Result result{};
    bool ending = false, over = false;
    for (uint32_t step = seed; !over;) {
        std::vector<char> cut;
        if (!connection->has_records() && !ending) {
            step = step * 1664525u + 1013904223u;
            const size_t wanted = seed == 0 ? SIZE_MAX : 1 + (step >> 24) % 64;
            const size_t size = std::min({bytes.size(), connection->room(), wanted});
            fuzz::require(size > 0 || bytes.empty(), "there is always room for a byte");
            cut.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            bytes.remove_prefix(size);
            ending = size == 0;
        }
        const net::Connection::End end = ending ? choice.end : net::Connection::End::none;
        const net::Connection::Taken taken = connection->take({cut.data(), cut.size()}, end, batch);
        fuzz::require(connection->room() <= room, "it keeps count of its bytes");
        for (uint32_t row = 0; row < batch.count; ++row) {
            result.rows.push_back(fuzz::text_of(batch, row));
        }
        batch.clear();
        batch.first_record = result.rows.size();
        frames.begin_poll();
        result.state = taken.state;
        over = taken.state == net::Connection::State::damaged ||
               taken.state == net::Connection::State::refused ||
               (ending && taken.state == net::Connection::State::hungry);
    }
    fuzz::require(frames.transport().adds_up(), "sent = delivered + lost");
    result.counts = to_text(frames.transport());
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 2) return 0;
    const Choice choice = choice_of(bytes[0]);
    const std::string_view stream(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    const Result whole = read(stream, choice, 0, 64);
    fuzz::require(read(stream, choice, 1u + bytes[1], 1 + bytes[1] % 8u) == whole,
                  "cuts change nothing");
    return 0;
}
