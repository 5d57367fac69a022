#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/row_writer.h"

namespace trommel::net {

// Reads the lines that streams are made of by one pass over their text: a flat object of strings
// without escapes, plain numbers, true, false and null, whose members stand where they stood in
// the line before. It says yes only to a line of which it knows everything. All else, damage
// included, it leaves to the parser: what is wrong with a record is decided in one place.
class FlatLine {
   public:
    explicit FlatLine(RowWriter& writer) : writer_(writer) {}

    // True: the line is valid as a whole (contract E5), and each used field of it was put and could
    // be read. False: it has to be read in another way, after another begin() of the row.
    // Precondition: `line` is not empty, and kPaddingBytes are readable behind it.
    bool read(std::string_view line);

    // What stood before a value in an earlier line, from the comma (or brace) before its name on.
    // Where the same bytes stand again, nobody has to look the name up.
    struct Member {
        static constexpr size_t kWords = 3;
        // Unknown: NUL bytes, which stand in no line.
        std::array<uint64_t, kWords> bytes{}, mask{UINT64_MAX};
        uint32_t size = 0;
        uint32_t field = RowWriter::kUnused;
        // Of the field's text, when only such bytes as are no quotation marks can be read as it:
        // whoever reads it finds out whether it really ends there.
        uint32_t text_size = 0;
    };

   private:
    static constexpr size_t kMembersMax = 64;

    RowWriter& writer_;
    std::array<Member, kMembersMax> members_;  // By their place in the line.
};

}  // namespace trommel::net
