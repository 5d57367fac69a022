#pragma once
#include <cstddef>
#include <memory>

#include "net/connection.h"
#include "net/endpoint.h"
#include "net/frame_intake.h"

namespace trommel::net {

// A connection that sends frames (net/wire.h) one after another. A damaged frame is one corrupt
// record, and the end: nothing says where the next one begins. Longer frames than `buffer_bytes`
// are damage too.
std::unique_ptr<Connection> make_frame_connection(FrameIntake& intake, const Endpoint& from,
                                                  size_t buffer_bytes);

}  // namespace trommel::net
