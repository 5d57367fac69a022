#include "net/decoder.h"

#include "net/csv_decoder.h"
#include "net/frame_decoder.h"
#include "net/json_decoder.h"

namespace trommel::net {

bool built_with_json() {
    return TROMMEL_NET_JSON;
}

std::unique_ptr<DecodeScratch> make_decode_scratch() {
#if TROMMEL_NET_JSON
    return make_json_scratch();
#else
    return std::make_unique<DecodeScratch>();
#endif
}

Status make_decoder(const DecodeOptions& options, const DecodeContext& context,
                    std::unique_ptr<Decoder>& decoder) {
    switch (options.format) {
        case Format::json:
#if TROMMEL_NET_JSON
            decoder = make_json_decoder(options, context);
            return {};
#else
            return Status::error(Code::invalid_config,
                                 "decode.format json: this build has no simdjson");
#endif
        case Format::csv:
            decoder = make_csv_decoder(options, context);
            return {};
        case Format::binary:
            decoder = make_frame_decoder(options, context);
            return {};
    }
    return {};
}

}  // namespace trommel::net
