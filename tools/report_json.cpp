#include "tools/report_json.h"

#include <charconv>
#include <cmath>

#include "trommel/json_text.h"

namespace trommel::tools {
namespace {

std::string partition_json(const PartitionReport& partition) {
    return JsonObject()
        .text("name", partition.name)
        .raw("ledger", to_json(partition.ledger))
        .time("newest_us", partition.newest_us)
        .flag("idle", partition.idle)
        .object();
}

std::string shard_json(const ShardReport& shard) {
    return JsonObject()
        .number("events", shard.events)
        .number("unique", shard.unique)
        .number("live_ids", shard.live_ids)
        .raw("keys", shard.keys ? std::to_string(*shard.keys) : "null")
        .number("id_bytes", shard.id_bytes)
        .number("key_bytes", shard.key_bytes)
        .number("huge_page_bytes", shard.huge_page_bytes)
        .object();
}

double per_second(uint64_t amount, double seconds) {
    return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

}  // namespace

void JsonObject::begin(std::string_view name) {
    if (!members_.empty()) members_ += ',';
    append_json_string(members_, name);
    members_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(members_, value);
    return *this;
}

JsonObject& JsonObject::number(std::string_view name, uint64_t value) {
    return raw(name, std::to_string(value));
}

JsonObject& JsonObject::real(std::string_view name, double value) {
    if (!std::isfinite(value)) return raw(name, "null");
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return raw(name, {text, static_cast<size_t>(end - text)});
}

JsonObject& JsonObject::flag(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
}

JsonObject& JsonObject::time(std::string_view name, int64_t us) {
    return raw(name, us == INT64_MIN ? "null" : std::to_string(us));
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
    begin(name);
    members_ += json;
    return *this;
}

std::string to_json(const Ledger& ledger) {
    JsonObject json;
    json.number("in", ledger.in);
    for (const Verdict verdict : {Verdict::unique, Verdict::duplicate, Verdict::late,
                                  Verdict::corrupt, Verdict::filtered, Verdict::refused}) {
        json.number(to_text(verdict), ledger[verdict]);
    }
    return json.object();
}

std::string to_json(const Transport& transport) {
    JsonObject json;
    json.number("sent", transport.sent)
        .number("delivered", transport.delivered)
        .number("lost", transport.lost());
    for (const TransportCounter& counter : kTransportCounters) {
        json.number(counter.name, transport.*counter.member);
    }
    return json.object();
}

std::string members_of(const Report& report, uint64_t memory_bytes) {
    return JsonObject()
        .raw("ledger", to_json(report.ledger))
        .raw("transport", report.transport ? to_json(*report.transport) : "null")
        .flag("complete", report.complete)
        .number("rows", report.rows)
        .number("dead_letters", report.dead_letters)
        .number("bytes_read", report.bytes_read)
        .real("seconds", report.seconds)
        .real("records_per_second", per_second(report.ledger.in, report.seconds))
        .real("bytes_per_second", per_second(report.bytes_read, report.seconds))
        .time("watermark_us", report.watermark_us)
        .number("memory_bytes", memory_bytes)
        .number("resident_bytes_max", report.resident_bytes_max)
        .number("pinned_workers", report.pinned_workers)
        .text("engine", report.engine)
        .text("simd", report.simd)
        .real("expected_lost_per_day", report.expected_lost_per_day)
        .time("horizon_shortened_us", report.horizon_shortened_us)
        .raw("partitions", array_of(report.partitions, partition_json))
        .raw("shards", array_of(report.shards, shard_json))
        .members();
}

std::string members_of(const Progress& progress) {
    return JsonObject()
        .number("records", progress.records)
        .number("bytes", progress.bytes)
        .number("bytes_total", progress.bytes_total)
        .number("unique", progress.unique)
        .number("duplicate", progress.duplicate)
        .number("rows", progress.rows)
        .time("watermark_us", progress.watermark_us)
        .time("newest_us", progress.newest_us)
        .real("seconds", progress.seconds)
        .real("records_per_second", per_second(progress.records, progress.seconds))
        .members();
}

}  // namespace trommel::tools
