#pragma once
#include "trommel/sink.h"

namespace trommel::net {

// Takes everything and keeps nothing: for measuring, and for jobs whose ledger is the answer.
class NullSink final : public Sink {
   public:
    Status open() override { return {}; }
    Status write_rows(const RowBatch&) override { return {}; }
    Status write_record(std::string_view) override { return {}; }
    Status flush() override { return {}; }
    Status finish() override { return {}; }
    void abandon() override {}
};

}  // namespace trommel::net
