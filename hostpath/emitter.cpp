#include "hostpath/emitter.h"

#include <algorithm>
#include <utility>

#include "hostpath/dead_letter.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/window.h"

namespace trommel::hostpath {
namespace {

constexpr size_t kRowsPerWrite = 1024;
constexpr uint32_t kBatchesPerFlush = 64;

bool has_session(const Config& config) {
    for (const Window& window : config.windows) {
        if (window.kind == WindowKind::session) return true;
    }
    return false;
}

}  // namespace

Emitter::Emitter(const Config& config, uint64_t job_seed, uint64_t session_bytes,
                 const Ports& ports)
    : config_(config),
      ports_(ports),
      shards_(config.engine.threads),
      session_budget_(session_bytes),
      merger_(config, shards_ + has_session(config)),
      judged_(shards_),
      rows_(config),
      unique_rows_(config.engine.batch_records),
      refused_rows_(config.engine.batch_records) {
    if (!has_session(config)) return;
    sessions_ = std::make_unique<cpu::SessionStore>(config, job_seed, session_budget_);
    session_rows_ = std::make_unique<cpu::PartialRows>(config, sessions_->layout());
}

Status Emitter::open() {
    for (Sink* sink : ports_.sinks) {
        if (Status status = sink->open(); !status.ok()) return status;
    }
    return ports_.dead_letters != nullptr ? ports_.dead_letters->open() : Status{};
}

void Emitter::take(uint32_t shard, const FromWorker& message) {
    if (message.batch != nullptr) note_batch(message.batch);
    if (message.rows != nullptr) {
        merger_.offer(shard, message.rows);
    } else if (message.batch != nullptr) {
        ++judged_[shard];
        if (message.full != nullptr && !message.full->ok()) note(*message.full);
    }
    merger_.complete(shard, message.complete_end_us);
}

void Emitter::note_batch(Batch* batch) {
    if (batch->sequence < sequence_known_) return;
    TROMMEL_ASSERT(batch->sequence == sequence_known_);
    ++sequence_known_;
    coming_.push_back(batch);
    if (coming_.size() == 1) begin_batch();
}

// The events before a batch are in their sessions once the batch before it is settled.
void Emitter::begin_batch() {
    if (sessions_) sessions_->advance(coming_.front()->watermark_us);
}

Batch* Emitter::settle() {
    if (coming_.empty()) return nullptr;
    for (const uint64_t judged : judged_) {
        if (judged == settled_) return nullptr;
    }
    Batch* const batch = coming_.front();
    if (rows_are_in_the_way(*batch)) return nullptr;
    finish_batch(*batch);
    ++settled_;
    coming_.pop_front();
    if (!coming_.empty()) begin_batch();
    return batch;
}

// Has the batch to wait for rows? Every shard has judged it, so those that were final before the
// last batch are all here.
bool Emitter::rows_are_in_the_way(const Batch& batch) {
    if (batch.last) return write_rows(kRowsPerWrite);
    if (!sessions_ || !sessions_->may_have_rows()) return false;
    if (sessions_->has_room(batch.records, batch.order.data(), batch.shard_begin[shards_])) {
        return false;
    }
    write_rows(kRowsPerWrite);
    return sessions_->may_have_rows();
}

bool Emitter::write_rows(size_t rows_max) {
    bool any = false;
    for (;;) {
        const RowMerger::State state = merger_.merge(rows_, std::min(rows_max, kRowsPerWrite));
        any |= rows_.count() > 0;
        if (state == RowMerger::State::full) break;
        if (merger_.starved_stream() != session_stream() || !offer_sessions()) break;
    }
    write_to_sinks();
    return any;
}

// False: there are none that were not offered before.
bool Emitter::offer_sessions() {
    if (!sessions_ || merger_.complete_end_us(session_stream()) == sessions_->final_end_us()) {
        return false;
    }
    // The stream is starved, so all rows of the one block of the sessions are merged.
    if (sessions_->take_closed(*session_rows_, kRowsPerWrite)) {
        merger_.offer(session_stream(), session_rows_.get());
    } else {
        merger_.complete(session_stream(), sessions_->final_end_us());
    }
    return true;
}

bool Emitter::take_used(uint32_t& shard, cpu::PartialRows*& rows) {
    while (merger_.take_used(shard, rows)) {
        if (shard != session_stream()) return true;
    }
    return false;
}

template <class Write>
void Emitter::each_sink(Write write) {
    for (Sink* sink : ports_.sinks) {
        if (status_.ok()) note(write(*sink));
    }
}

void Emitter::note(Status status) {
    if (status_.ok()) status_ = std::move(status);
}

void Emitter::write_to_sinks() {
    if (rows_.count() == 0) return;
    if (config_.output == Output::windows) {
        each_sink([&](Sink& sink) { return sink.write_rows(rows_); });
        if (status_.ok()) rows_written_ += rows_.count();
        ports_.metrics->rows.set(static_cast<int64_t>(rows_written_));
        unflushed_ = true;
    }
    rows_.clear();
}

void Emitter::flush() {
    batches_unflushed_ = 0;
    if (!unflushed_) return;
    unflushed_ = false;
    each_sink([](Sink& sink) { return sink.flush(); });
    if (ports_.dead_letters != nullptr && status_.ok()) note(ports_.dead_letters->flush());
}

void Emitter::finish_batch(Batch& batch) {
    if (sessions_) add_to_sessions(batch);
    settle_records(batch);
    if (ports_.on_settled && batch.records.count > 0) ports_.on_settled(batch.records);
    // A source that never falls silent leaves no quiet moment: rows must not wait for one (W4).
    if (++batches_unflushed_ >= kBatchesPerFlush) flush();
    if (batch.last) close(batch);
}

void Emitter::add_to_sessions(Batch& batch) {
    RecordBatch& records = batch.records;
    uint32_t unique = 0;
    for (uint32_t row = 0; row < records.count; ++row) {
        unique_rows_[unique] = row;
        unique += records.verdict[row] == Verdict::unique;
    }
    const uint32_t refused =
        sessions_->add(records, unique_rows_.data(), unique, refused_rows_.data());
    for (uint32_t r = 0; r < refused; ++r) records.verdict[refused_rows_[r]] = Verdict::refused;
    // An event that aligned windows have counted already cannot be refused any more: with both
    // kinds of windows, sessions that are full end the run whatever the policy.
    const bool counted = rules::pane_us(config_) > 0;
    if (refused > 0 && (counted || config_.engine.on_full == OnFull::stop)) {
        note(Status::error(
            Code::memory_full,
            "the memory for sessions is used up: " + std::to_string(session_budget_.max_bytes()) +
                " bytes; it needs about twice engine.memory to go on" +
                (counted ? "" : ", or on_full: refuse")));
    }
}

void Emitter::settle_records(Batch& batch) {
    RecordBatch& records = batch.records;
    uint64_t unique = 0, duplicate = 0;
    for (uint32_t row = 0; row < records.count;) {
        const uint32_t partition = records.partition[row], begin = row;
        while (row < records.count && records.partition[row] == partition) ++row;
        if (partition >= partitions_.size()) partitions_.resize(partition + 1);
        Ledger& ledger = partitions_[partition];
        const Verdict* const verdicts = records.verdict.data();
        const auto count = [=](Verdict verdict) {
            return static_cast<uint64_t>(std::count(verdicts + begin, verdicts + row, verdict));
        };
        const uint64_t run_unique = count(Verdict::unique);
        const uint64_t run_duplicate = count(Verdict::duplicate);
        unique += run_unique;
        duplicate += run_duplicate;
        ledger[Verdict::unique] += run_unique;
        ledger[Verdict::duplicate] += run_duplicate;
        if (run_unique + run_duplicate == row - begin) continue;
        for (uint32_t r = begin; r < row; ++r) {
            const Verdict verdict = verdicts[r];
            if (verdict == Verdict::unique || verdict == Verdict::duplicate) continue;
            ++ledger[verdict];
        }
    }
    ports_.metrics->unique.add(unique);
    ports_.metrics->duplicate.add(duplicate);
    if (config_.output == Output::unique && unique > 0) {
        for (uint32_t row = 0; row < records.count; ++row) {
            if (records.verdict[row] != Verdict::unique) continue;
            each_sink([&](Sink& sink) { return sink.write_record(records.raw[row]); });
        }
        unflushed_ = true;
    }
    if (unique + duplicate == records.count) return;
    for (uint32_t row = 0; row < records.count; ++row) bury(batch, row);
}

// Gives a late, corrupt or refused record its dead letter.
void Emitter::bury(const Batch& batch, uint32_t row) {
    const RecordBatch& records = batch.records;
    const Verdict verdict = records.verdict[row];
    TROMMEL_DCHECK(verdict != Verdict::pending);
    if (verdict == Verdict::unique || verdict == Verdict::duplicate) return;
    const DeadLetters what = verdict == Verdict::late      ? ports_.late
                             : verdict == Verdict::corrupt ? ports_.corrupt
                                                           : DeadLetters::keep;
    if (what == DeadLetters::drop || !status_.ok()) return;
    const bool has_names = ports_.names != nullptr;
    const std::string_view source = has_names ? ports_.names->source_name(batch.lane) : "";
    const uint64_t record = records.first_record + row;
    if (what == DeadLetters::fail) {
        note(Status::error(Code::corrupt_input, std::string(source) + ": record " +
                                                    std::to_string(record) + " at byte " +
                                                    std::to_string(records.offset[row]) + ": " +
                                                    std::string(to_text(verdict)) + ": " +
                                                    std::string(records.detail[row])));
        return;
    }
    if (ports_.dead_letters == nullptr) return;
    const std::string_view partition =
        has_names ? ports_.names->partition_name(records.partition[row]) : "";
    const std::string_view detail = verdict == Verdict::corrupt ? records.detail[row] : "";
    letter_.clear();
    append_dead_letter(letter_, {to_text(verdict), detail, source, partition, record,
                                 records.offset[row], records.raw[row]});
    note(ports_.dead_letters->write_record(letter_));
    if (status_.ok()) ++dead_letters_written_;
    unflushed_ = true;
}

void Emitter::close(const Batch& batch) {
    finished_ = true;
    note(batch.status);
    size_t finished = 0;  // These are complete, whatever happens to the others.
    for (Sink* sink : ports_.sinks) {
        if (status_.ok()) note(sink->finish());
        finished += status_.ok();
    }
    if (status_.ok() && ports_.dead_letters != nullptr) note(ports_.dead_letters->finish());
    if (status_.ok()) return;
    for (size_t s = finished; s < ports_.sinks.size(); ++s) ports_.sinks[s]->abandon();
    if (ports_.dead_letters != nullptr) ports_.dead_letters->abandon();
}

}  // namespace trommel::hostpath
