#include "net/record_writer.h"

#include "net/number_text.h"

namespace trommel::net {
namespace {

enum class Damage : uint8_t { none, cut, not_utf8, no_time };

Damage damage_of(const SyntheticRecord& record) {
    if (record.kind != SyntheticRecord::Kind::corrupt) return Damage::none;
    return static_cast<Damage>(1 + record.damage % 3);
}

}  // namespace

void RecordWriter::append_header(std::string& out) const {
    if (csv_) out += with_partition_ ? "id,key,time,v0,partition\n" : "id,key,time,v0\n";
}

void RecordWriter::append(std::string& out, const SyntheticRecord& record) const {
    const Damage damage = damage_of(record);
    if (!csv_) out += "{\"id\":";
    if (damage == Damage::not_utf8) out += '\xFF';
    append_number(out, record.id);
    out += csv_ ? "," : ",\"key\":";
    append_number(out, record.key);
    out += csv_ ? "," : ",\"time\":";
    if (damage == Damage::no_time) {
        out += csv_ ? "never" : "\"never\"";
    } else {
        append_number(out, record.time_us);
    }
    if (damage != Damage::cut) {
        out += csv_ ? "," : ",\"v0\":";
        append_number(out, record.v0);
        if (with_partition_) {
            out += csv_ ? ",p" : ",\"partition\":\"p";
            append_number(out, uint64_t{record.partition});
            if (!csv_) out += '"';
        }
        if (!csv_) out += '}';
    }
    out += '\n';
}

void FrameWriter::append(std::string& out, const SyntheticRecord& record) {
    events_.push_back({record.id, 0, record.key, record.time_us, record.v0});
    if (events_.size() == kEventsPerFrame) finish(out);
}

void FrameWriter::finish(std::string& out) {
    if (events_.empty()) return;
    append_frame(header_, events_, out);
    header_.sequence += events_.size();
    events_.clear();
}

}  // namespace trommel::net
