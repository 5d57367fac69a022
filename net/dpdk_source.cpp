#include "net/dpdk_source.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <sched.h>
#include <string_view>
#include <utility>

#include "net/decode_options.h"
#include "net/dpdk_port.h"

namespace trommel::net {
namespace {

std::string_view without_arguments(std::string_view device) {
    return device.substr(0, device.find(','));
}

// [DDDD:]BB:DD.F in hexadecimal digits.
bool is_pci_address(std::string_view device) {
    std::string shape(without_arguments(device));
    for (char& c : shape) {
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0) c = '0';
    }
    return shape == "00:00.0" || shape == "0000:00:00.0" || shape == "00000000:00:00.0";
}

bool has_any(const std::vector<std::string>& arguments,
             std::initializer_list<std::string_view> options) {
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
        return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
            const bool is_short = option.size() == 2;  // "-l", whose value may follow at once.
            return argument == option ||
                   (argument.starts_with(option) && (is_short || argument[option.size()] == '='));
        });
    });
}

#if TROMMEL_NET_DPDK
static_assert(kBurstPackets == kDpdkBurstPackets);

uint32_t current_core() {
    const int core = sched_getcpu();
    return core < 0 ? 0 : static_cast<uint32_t>(core);
}

class DpdkDevice final : public PacketDevice {
   public:
    explicit DpdkDevice(const DpdkOptions& options) : options_(options) {}
    DpdkDevice(const DpdkDevice&) = delete;
    DpdkDevice& operator=(const DpdkDevice&) = delete;
    ~DpdkDevice() override {
        if (port_ != nullptr) close_dpdk_port(port_);
    }

    Status open() override {
        std::vector<std::string> arguments = eal_arguments(options_, current_core());
        std::vector<char*> pointers;
        for (std::string& argument : arguments) pointers.push_back(argument.data());
        const auto count = static_cast<int>(pointers.size());
        pointers.push_back(nullptr);
        const std::string name = device_name(options_.device);
        DpdkFailure failure;
        port_ = open_dpdk_port({pointers.data(), count, name.c_str(), options_.queues,
                                options_.mbufs, options_.promiscuous},
                               failure);
        return port_ != nullptr ? Status() : explain(failure);
    }

    uint32_t queues() const override { return options_.queues; }
    uint32_t receive(uint32_t queue, ReceivedPacket* packets) override {
        return receive_packets(*port_, static_cast<uint16_t>(queue), packets);
    }
    void release() override { release_packets(*port_); }
    uint64_t dropped() override { return dropped_packets(*port_); }

   private:
    Status explain(const DpdkFailure& failure) const {
        const std::string log = failure.log;
        std::string text = "cannot open " + options_.device + ": " + failure.what;
        if (!log.empty()) text += " (" + log + ")";
        if (log.find("hugepage") != std::string::npos) {
            text +=
                "; reserve huge pages (sysctl vm.nr_hugepages=512), or do without them, slowly: "
                "eal: [--no-huge, -m, 256]";
        }
        return Status::error(Code::no_input, std::move(text));
    }

    const DpdkOptions options_;
    DpdkPort* port_ = nullptr;
};
#endif

}  // namespace

bool built_with_dpdk() {
    return TROMMEL_NET_DPDK;
}

std::string device_name(const std::string& device) {
    return std::string(without_arguments(device));
}

std::vector<std::string> eal_arguments(const DpdkOptions& options, uint32_t core) {
    // No socket for strangers, no files for other processes.
    std::vector<std::string> arguments = {"trommel", "--no-telemetry", "--no-shconf"};
    // Huge pages without a file system for them; where the job says how, it does not apply.
    if (!has_any(options.eal, {"--in-memory", "--no-huge", "--legacy-mem", "--huge-dir",
                               "--huge-unlink", "--single-file-segments"})) {
        arguments.push_back("--in-memory");
    }
    // The EAL makes a thread for each core that it has: one, wherever that is.
    if (!has_any(options.eal, {"-l", "-c", "--lcores"})) {
        arguments.insert(arguments.end(), {"--lcores", "0@" + std::to_string(core)});
    }
    if (is_pci_address(options.device)) {
        arguments.insert(arguments.end(), {"-a", options.device});
    } else {
        // Else every network card that the machine can do without would be taken, too.
        if (!has_any(options.eal, {"--no-pci", "-a", "--allow"})) arguments.push_back("--no-pci");
        arguments.push_back("--vdev=" + options.device);
    }
    arguments.insert(arguments.end(), options.eal.begin(), options.eal.end());
    return arguments;
}

Status validate(const DpdkOptions& options) {
    const auto wrong = [](const std::string& what) {
        return Status::error(Code::invalid_config, what);
    };
    if (device_name(options.device).empty()) {
        return wrong("device: none; expected such as net_pcap0,rx_pcap=f.pcap or 0000:03:00.0");
    }
    if (options.queues < 1 || options.queues > kDpdkQueuesMax) {
        return wrong("queues: " + std::to_string(options.queues) + " is not 1 to " +
                     std::to_string(kDpdkQueuesMax));
    }
    if (options.mbufs < 1 || options.mbufs > kDpdkMbufsMax) {
        return wrong("mbufs: " + std::to_string(options.mbufs) + " is not 1 to " +
                     std::to_string(kDpdkMbufsMax));
    }
    if (options.eal.size() > kDpdkArgumentsMax) {
        return wrong("eal: more than " + std::to_string(kDpdkArgumentsMax) + " arguments");
    }
    // These print and end the process.
    if (has_any(options.eal, {"-h", "--help", "-v", "--version"})) {
        return wrong("eal: -h, --help, -v and --version are not for jobs");
    }
    return {};
}

Status make_dpdk_source(const DpdkOptions& options, const PacketSourceOptions& source_options,
                        const Config& config, Clock& clock, std::unique_ptr<Source>& source) {
    Status status = validate(options);
    if (status.ok()) status = validate(source_options.packets.intake.decode, config);
    if (!status.ok()) return status;
#if TROMMEL_NET_DPDK
    source = std::make_unique<PacketSource>(source_options, std::make_unique<DpdkDevice>(options),
                                            clock);
    return {};
#else
    static_cast<void>(source_options);
    static_cast<void>(clock);
    static_cast<void>(source);
    return Status::error(
        Code::no_input, "cannot open " + options.device + ": this build has no DPDK (libdpdk-dev)");
#endif
}

}  // namespace trommel::net
