#pragma once
#include <cstdint>
#include <string>
#include <utility>

namespace trommel {

// What kind of thing went wrong. Bad data is never a Status: it is an output with a reason
// (Verdict::corrupt, ::late, ::refused), counted in the ledger.
enum class Code : uint8_t {
    ok,
    invalid_config,  // The caller asked for nonsense: a bad option, a contradiction.
    no_input,        // A source cannot be opened.
    io,              // Reading, writing, syncing or renaming failed.
    unreachable,     // A broker, a remote sink or a GPU does not answer.
    memory_full,     // A declared share of memory is used up under OnFull::stop (contract D6).
    corrupt_input,   // A corrupt record under `on_error: fail`.
    closed,          // The reader of an output went away (a closed pipe): end quietly.
    internal,        // We made a mistake: an invariant or the ledger does not hold.
};

// The result of set-up and control calls. Cheap when ok: the message is empty.
struct [[nodiscard]] Status {
    Code code = Code::ok;
    std::string message;  // What, where and what to do, for a person. Empty when ok.

    bool ok() const { return code == Code::ok; }
    static Status error(Code code, std::string message) { return {code, std::move(message)}; }
};

}  // namespace trommel
