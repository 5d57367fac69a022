// CSV: cuts change nothing.
#include "tests/fuzz/decoder_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    using namespace trommel;
    if (size < 2) return 0;
    const int choice = bytes[1] >> 4;
    net::DecodeOptions options;
    options.format = net::Format::csv;
    if ((choice & 1) != 0) options.partition = "p";
    if ((choice & 2) != 0) options.csv_columns = {"id", "t", "v"};
    options.id = {"id", net::IdForm::bytes};
    options.time = {"t", net::TimeForm::us};
    options.values = {{"v", 1}};
    options.record_bytes_max = (choice & 8) != 0 ? 12 : 4096;
    fuzz::check_cuts(bytes, size, options);
    return 0;
}
