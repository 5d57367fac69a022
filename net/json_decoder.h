#pragma once
#include <memory>

#include "net/decoder.h"

namespace trommel::net {

// A decoder of JSON lines. Only in a build with simdjson.
std::unique_ptr<Decoder> make_json_decoder(const DecodeOptions& options,
                                           const DecodeContext& context);

}  // namespace trommel::net
