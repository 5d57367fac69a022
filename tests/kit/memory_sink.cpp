#include "tests/kit/memory_sink.h"

namespace trommel::testkit {

void append_rows(const RowBatch& batch, const Config& config, std::vector<OracleRow>& out) {
    for (size_t i = 0; i < batch.count(); ++i) {
        OracleRow row{batch.window[i], batch.start_us[i], batch.end_us[i], {}, {}};
        switch (key_shape(config)) {
            case KeyShape::none:
                break;
            case KeyShape::integer:
                row.key = {{FieldType::integer, batch.key_int[i], ""}};
                break;
            case KeyShape::encoded:
                decode_key(batch.key_text(i), config.key, row.key);
                break;
        }
        for (const std::vector<int128>& column : batch.aggregates) {
            row.aggregates.push_back(column[i]);
        }
        out.push_back(std::move(row));
    }
}

Status MemorySink::call() {
    ++calls_;
    if (failed_ || end_ != End::open) ++misuses_;
    failed_ |= fail_at_call != 0 && calls_ >= fail_at_call;
    return failed_ ? failure : Status();
}

Status MemorySink::write_rows(const RowBatch& rows) {
    if (before_write) before_write();
    misuses_ += calls_ == 0;
    if (Status status = call(); !status.ok()) return status;
    append_rows(rows, config_, rows_);
    return {};
}

Status MemorySink::write_record(std::string_view raw) {
    if (before_write) before_write();
    misuses_ += calls_ == 0;
    if (Status status = call(); !status.ok()) return status;
    records_.emplace_back(raw);
    return {};
}

Status MemorySink::flush() {
    if (Status status = call(); !status.ok()) return status;
    show_all();
    return {};
}

Status MemorySink::finish() {
    if (Status status = call(); !status.ok()) return status;
    show_all();
    end_ = End::finished;
    return {};
}

// Allowed at any time, also after an error.
void MemorySink::abandon() {
    misuses_ += end_ == End::finished;
    end_ = End::abandoned;
}

void MemorySink::show_all() {
    rows_visible_ = rows_.size();
    records_visible_ = records_.size();
}

}  // namespace trommel::testkit
