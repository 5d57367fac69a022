// Datagrams: whatever comes, sent = delivered + lost, every datagram is counted in one place, and
// each delivered event is a row. The same bytes with their checksums put right, so that events and
// sequence numbers of any kind are seen, and small batches change nothing.
#include <cstring>
#include <optional>

#include "trommel/clock.h"

#include "net/frame_intake.h"
#include "net/wire.h"
#include "tests/fuzz/decoder_fuzz.h"

namespace {

using namespace trommel;

struct Outcome {
    std::vector<std::string> rows;
    std::string transport;
    bool operator==(const Outcome&) const = default;
};

class StillClock final : public Clock {
   public:
    int64_t wall_us() override { return 0; }
    int64_t monotonic_us() override { return 0; }
};

// A datagram is one byte for its sender, two for its length, and its bytes.
std::optional<net::Datagram> next_datagram(std::string_view& rest) {
    if (rest.size() < 3) return {};
    const auto sender = static_cast<uint8_t>(rest[0]);
    uint16_t size = 0;
    std::memcpy(&size, rest.data() + 1, sizeof size);
    rest.remove_prefix(3);
    net::Datagram datagram;
    datagram.size = std::min<size_t>(size, rest.size());
    datagram.bytes = rest.data();
    const uint8_t address[4] = {10, 0, 0, static_cast<uint8_t>(sender & 3)};
    datagram.from = net::Endpoint::from_v4(address, static_cast<uint16_t>(sender >> 2 & 3));
    datagram.truncated = (sender & 128) != 0;
    rest.remove_prefix(datagram.size);
    return datagram;
}

// The bytes with a header, sizes and checksum that fit, as far as that can be: what a sender might
// send who means harm and knows the format.
std::string put_right(std::string bytes) {
    if (bytes.size() < net::kFrameHeaderBytes) return bytes;
    net::FrameHeader header;
    std::memcpy(&header.source_id, bytes.data() + 8, 4);
    std::memcpy(&header.epoch, bytes.data() + 12, 4);
    std::memcpy(&header.sequence, bytes.data() + 16, 8);
    header.source_id &= 1;
    header.epoch &= 3;
    // Mostly numbers that meet each other; sometimes any.
    if ((bytes[24] & 7) != 0) header.sequence &= 63;
    header.flags = static_cast<uint8_t>(bytes[5] & 3);
    header.event_bytes = (bytes[26] & 1) != 0 ? net::kWideEventBytes : net::kNarrowEventBytes;
    std::vector<net::WireEvent> events;
    for (size_t at = net::kFrameHeaderBytes; at + header.event_bytes <= bytes.size();
         at += header.event_bytes) {
        events.push_back(net::read_event(bytes.data() + at, header.event_bytes));
    }
    std::string frame;
    net::append_frame(header, events, frame);
    return frame;
}

void hand_over(RecordBatch& batch, net::FrameIntake& intake, Outcome& outcome) {
    fuzz::require(batch.count > 0, "only a batch with rows is full");
    for (uint32_t row = 0; row < batch.count; ++row) {
        fuzz::require(batch.partition[row] < intake.senders().partitions(), "a partition exists");
        outcome.rows.push_back(fuzz::text_of(batch, row));
    }
    batch.first_record += batch.count;
    batch.clear();
    intake.begin_poll();
}

Outcome take_all(std::string_view rest, bool repaired, uint32_t capacity) {
    net::IntakeOptions options;
    options.decode.format = net::Format::binary;
    options.decode.id.form = net::IdForm::u64;
    options.decode.key = {{"key", FieldType::integer}};
    options.senders_max = 6;
    fuzz::require(options.allow.add("10.0.0.0/31").ok() && options.allow.add("10.0.0.3").ok(),
                  "networks are networks");
    StillClock clock;
    net::FrameIntake intake(options, clock);
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = options.decode.key;
    RecordBatch batch(config, capacity);
    Outcome outcome;
    uint64_t datagrams = 0;
    while (std::optional<net::Datagram> datagram = next_datagram(rest)) {
        // Bytes of their own: reading beyond them is seen.
        std::string bytes(datagram->bytes, datagram->size);
        if (repaired) bytes = put_right(std::move(bytes));
        const std::vector<char> own(bytes.begin(), bytes.end());
        datagram->bytes = own.data();
        datagram->size = own.size();
        while (!intake.take(*datagram, batch)) hand_over(batch, intake, outcome);
        ++datagrams;
        fuzz::require(intake.transport().adds_up(), "sent = delivered + lost");
    }
    if (batch.count > 0) hand_over(batch, intake, outcome);
    const Transport& t = intake.transport();
    fuzz::require(t.datagrams == datagrams, "every datagram is counted");
    fuzz::require(t.datagrams == t.frames + t.frames_duplicate + t.frames_stale + t.malformed +
                                     t.denied + t.truncated + t.unauthentic + t.senders_refused,
                  "and in one place only");
    fuzz::require(outcome.rows.size() == t.delivered + t.malformed,
                  "a delivered event is a row, and so is a malformed datagram");
    outcome.transport = to_text(t);
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 1) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    for (const bool repaired : {false, true}) {
        const Outcome whole = take_all(rest, repaired, 4096);
        fuzz::require(take_all(rest, repaired, 1 + bytes[0] % 8u) == whole,
                      "the size of batches changes nothing");
    }
    return 0;
}
