#pragma once
#include <memory>

#include "net/decoder.h"

namespace trommel::net {

// A decoder of JSON lines. Only in a build with simdjson.
std::unique_ptr<Decoder> make_json_decoder(const DecodeOptions& options,
                                           const DecodeContext& context);
std::unique_ptr<DecodeScratch> make_json_scratch();

}  // namespace trommel::net
