#include "net/stream_io.h"

namespace trommel::net {

bool built_with_io_uring() {
    return TROMMEL_NET_IO_URING;
}

#if !TROMMEL_NET_IO_URING
std::unique_ptr<StreamIo> make_stream_ring(Status& why) {
    why = Status::error(Code::invalid_config, "io_uring: this build has no liburing");
    return nullptr;
}
#endif

}  // namespace trommel::net
