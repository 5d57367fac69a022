#include "tests/kit/oracle.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "tests/kit/oracle_windows.h"

namespace trommel::testkit {
namespace {

int64_t floor_divide(int64_t value, int64_t unit) {
    const int64_t quotient = value / unit;
    return value % unit < 0 ? quotient - 1 : quotient;
}

bool less(const KeyPart& a, const KeyPart& b) {
    if (a.type == FieldType::integer) return a.integer < b.integer;
    const auto byte_less = [](char x, char y) {
        return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
    };
    return std::lexicographical_compare(a.text.begin(), a.text.end(), b.text.begin(), b.text.end(),
                                        byte_less);
}

std::string to_text(const KeyPart& part) {
    if (part.type == FieldType::integer) return std::to_string(part.integer);
    std::string text = "\"";
    for (const char c : part.text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
            text += c;
        } else {
            constexpr char kHex[] = "0123456789abcdef";
            text += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
        }
    }
    return text + '"';
}

}  // namespace

bool KeyLess::operator()(const std::vector<KeyPart>& a, const std::vector<KeyPart>& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), less);
}

bool operator==(const OracleRow& a, const OracleRow& b) {
    const bool same_key = !KeyLess()(a.key, b.key) && !KeyLess()(b.key, a.key);
    return a.window == b.window && a.start_us == b.start_us && a.end_us == b.end_us && same_key &&
           a.aggregates == b.aggregates;
}

std::string to_text(const OracleRow& row) {
    std::string text = "window " + std::to_string(row.window) + " [" +
                       std::to_string(row.start_us) + ", " + std::to_string(row.end_us) + ") key";
    for (const KeyPart& part : row.key) text += " " + to_text(part);
    text += ":";
    for (const int128 aggregate : row.aggregates) text += " " + trommel::to_text(aggregate);
    return text;
}

void PrintTo(const OracleRow& row, std::ostream* out) {
    *out << to_text(row);
}

Oracle::Oracle(const Config& config) : config_(config), clocks_(config) {}

Verdict Oracle::push(const OracleEvent& event, std::optional<Verdict> told) {
    const Verdict verdict = judge(event, told);
    for (Ledger* ledger : {&ledger_, &partitions_[event.partition]}) {
        ++ledger->in;
        ++(*ledger)[verdict];
    }
    if (verdict == Verdict::unique) unique_.push_back(event);
    return verdict;
}

Verdict Oracle::judge(const OracleEvent& event, std::optional<Verdict> told) {
    if (is_corrupt(event)) return Verdict::corrupt;
    const Moment watermark = clocks_.show(event.partition, event.time_us);
    if (is_late(event.time_us, watermark)) return Verdict::late;
    const bool is_refused = told == Verdict::refused;
    if (told && (!is_refused || config_.dedup.mode == DedupMode::approximate)) return *told;
    if (is_refused && !counted_us_) counted_us_ = remembered_us_;
    if (is_duplicate(remembered_us_, event)) return Verdict::duplicate;
    if (is_refused) return Verdict::refused;
    if (counted_us_) is_duplicate(*counted_us_, event);
    return Verdict::unique;
}

void Oracle::end_batch() {
    if (counted_us_) remembered_us_ = *std::exchange(counted_us_, {});
}

// E3, E5, T6. A corrupt event leaves no trace but its count.
bool Oracle::is_corrupt(const OracleEvent& event) const {
    if (event.corrupt) return true;
    if (event.time_us <= -kTimeLimitUs || event.time_us >= kTimeLimitUs) return true;
    return config_.time.max_time_us && event.time_us > *config_.time.max_time_us;
}

// T3.
bool Oracle::is_late(int64_t time_us, Moment watermark) const {
    const int64_t pane = pane_us(config_);
    const int64_t offset = config_.window_offset_us;
    const int64_t pane_end =
        pane == 0 ? time_us : (floor_divide(time_us - offset, pane) + 1) * pane + offset;
    return watermark && pane_end + config_.time.allowed_lateness_us <= *watermark;
}

// D2. Never forgets anything, which D3 says makes no difference.
bool Oracle::is_duplicate(Memory& memory, const OracleEvent& event) const {
    if (config_.dedup.mode == DedupMode::off) return false;
    const bool per_key = config_.dedup.scope == Scope::key;
    auto& ids = memory[per_key ? event.key : std::vector<KeyPart>()];
    const auto [found, inserted] = ids.try_emplace(event.id, event.time_us);
    if (inserted) return false;
    if (config_.dedup.horizon_us == kForeverUs) return true;

    const int64_t horizon_us = config_.dedup.horizon_us;
    const int64_t tick_us = std::max<int64_t>(1000, (horizon_us + 63) / 64);
    const int64_t reach = (horizon_us + tick_us - 1) / tick_us;
    const int64_t distance =
        floor_divide(event.time_us, tick_us) - floor_divide(found->second, tick_us);
    if (-reach <= distance && distance <= reach) return true;
    found->second = std::max(found->second, event.time_us);
    return false;
}

std::vector<OracleRow> Oracle::rows() const {
    return window_rows(config_, unique_);
}

size_t rows_final(const std::vector<OracleRow>& rows, const Config& config, Moment watermark) {
    size_t count = 0;
    while (count < rows.size() && watermark &&
           rows[count].end_us + config.time.allowed_lateness_us <= *watermark) {
        ++count;
    }
    return count;
}

}  // namespace trommel::testkit
