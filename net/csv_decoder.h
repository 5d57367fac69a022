#pragma once
#include <memory>

#include "net/decoder.h"

namespace trommel::net {

// A decoder of RFC 4180 records. Quotes count only around a whole cell and are doubled inside; a
// cell in quotes may contain line ends. Cells are read as the field that uses them is declared.
std::unique_ptr<Decoder> make_csv_decoder(const DecodeOptions& options,
                                          const DecodeContext& context);

}  // namespace trommel::net
