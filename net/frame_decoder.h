#pragma once
#include <memory>

#include "net/decoder.h"

namespace trommel::net {

// A decoder of frames (net/wire.h) in a file or stream: each event is a record whose raw bytes are
// its own. A frame that fails its checks is one corrupt record, and since nothing says where the
// next one begins, all that follows it is one more.
std::unique_ptr<Decoder> make_frame_decoder(const DecodeOptions& options,
                                            const DecodeContext& context);

}  // namespace trommel::net
