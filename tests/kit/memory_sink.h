#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "trommel/sink.h"

#include "tests/kit/oracle.h"

namespace trommel::testkit {

// A row batch as rows that can be compared with the oracle's; appended to `out`.
void append_rows(const RowBatch& batch, const Config& config, std::vector<OracleRow>& out);

// Keeps what it is given. It can fail at any call, and checks how it is called. One thread at a
// time.
class MemorySink : public Sink {
   public:
    enum class End { open, finished, abandoned };

    explicit MemorySink(const Config& config) : config_(config) {}

    // The calls open, write_rows, write_record, flush and finish are counted from 1. The call with
    // this number, and every later one, fails with `failure`. 0: never.
    size_t fail_at_call = 0;
    Status failure = Status::error(Code::io, "the memory sink was told to fail");
    // Called before each write; a slow sink sleeps here, a curious test looks around.
    std::function<void()> before_write;

    Status open() override { return call(); }
    Status write_rows(const RowBatch& rows) override;
    Status write_record(std::string_view raw) override;
    Status flush() override;
    Status finish() override;
    void abandon() override;

    const std::vector<OracleRow>& rows() const { return rows_; }
    const std::vector<std::string>& records() const { return records_; }
    // What a reader sees: rows and records up to the last flush() or finish().
    size_t rows_visible() const { return rows_visible_; }
    size_t records_visible() const { return records_visible_; }
    size_t calls() const { return calls_; }
    End end() const { return end_; }
    // Calls that the contract of Sink forbids: a write before open(), after the end or after an
    // error.
    size_t misuses() const { return misuses_; }

   private:
    Status call();
    void show_all();

    const Config config_;
    std::vector<OracleRow> rows_;
    std::vector<std::string> records_;
    size_t rows_visible_ = 0;
    size_t records_visible_ = 0;
    size_t calls_ = 0;
    size_t misuses_ = 0;
    bool failed_ = false;
    End end_ = End::open;
};

}  // namespace trommel::testkit
