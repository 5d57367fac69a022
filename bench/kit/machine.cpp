#include "bench/kit/machine.h"

#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace trommel::bench {
namespace {

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string cpu_field(const std::string& name) {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const size_t colon = line.find(": ");
        if (line.rfind(name, 0) == 0 && colon != std::string::npos &&
            line.find_first_not_of(" \t", name.size()) == colon - (line[colon] != ':')) {
            return line.substr(colon + 2);
        }
    }
    return "?";
}

// "always [madvise] never": the one in brackets.
std::string huge_page_setting() {
    const std::string line = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
    const size_t begin = line.find('['), end = line.find(']');
    return end == std::string::npos ? "?" : line.substr(begin + 1, end - begin - 1);
}

}  // namespace

std::string describe_machine() {
    utsname system{};
    uname(&system);
    const std::string release = system.release;
    const std::string l3 = first_line("/sys/devices/system/cpu/cpu0/cache/index3/size");
    return describe_processor() + ", L3 " + (l3.empty() ? "?" : l3) + ", " + system.sysname + " " +
           release.substr(0, release.find('-')) + ", huge pages: " + huge_page_setting();
}

std::string describe_processor() {
    return cpu_field("model name") + " (model " + cpu_field("model") + "), " +
           std::to_string(std::thread::hardware_concurrency()) + " CPUs";
}

}  // namespace trommel::bench
