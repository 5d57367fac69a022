#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace trommel::hostpath {

// A record that was not used, and where to find it again (contract L2).
struct DeadLetter {
    std::string_view reason;     // to_text(Verdict): late, corrupt or refused.
    std::string_view detail;     // What is wrong with a corrupt record; else empty.
    std::string_view source;     // Source::name().
    std::string_view partition;  // Source::partition_name().
    uint64_t record = 0;         // Number in its source, from 0.
    uint64_t offset = 0;         // Of its first byte in the decompressed source.
    std::string_view raw;        // Its original bytes, without the line end.
};

// Appends the letter as one line of JSON, without the line end (Sink::write_record() adds it):
// reason, source, partition, record, offset, raw and, when there is one, detail. Bytes that are not
// UTF-8 stand in raw_base64 in the place of raw, so that the record can always be had back byte for
// byte.
void append_dead_letter(std::string& out, const DeadLetter& letter);

// Appends RFC 4648 base64, with padding.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace trommel::hostpath
