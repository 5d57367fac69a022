#include "net/frame_keys.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/descriptor.h"
#include "net/wire.h"

namespace trommel::net {
namespace {

Status refuse(const std::string& what) {
    return Status::error(Code::invalid_config, what);
}

// The time it takes tells nothing about where two signatures differ.
bool equal_in_constant_time(const uint8_t* left, const char* right, size_t bytes) {
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < bytes; ++i) {
        difference = difference | (left[i] ^ static_cast<uint8_t>(right[i]));
    }
    return difference == 0;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool parse_hex(std::string_view hex, std::string& bytes) {
    if (hex.size() % 2 != 0) return false;
    for (size_t i = 0; i < hex.size(); i += 2) {
        const int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) return false;
        bytes += static_cast<char>(high * 16 + low);
    }
    return true;
}

// Cuts the next word off; empty when there is none.
std::string_view next_word(std::string_view& rest) {
    constexpr const char* kBlanks = " \t\r";
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(word.size());
    return word;
}

Status read_private_file(const std::string& path, size_t bytes_max, std::string& text) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat found = {};
    if (!file.is_open() || fstat(file.get(), &found) != 0) {
        return Status::error(Code::no_input,
                             "cannot read the keys in '" + path + "': " + std::strerror(errno));
    }
    if (!S_ISREG(found.st_mode)) return refuse("the keys '" + path + "' are not a regular file");
    if ((found.st_mode & 077) != 0) {
        return refuse("the keys in '" + path +
                      "' can be read or changed by others; run chmod 600 on it");
    }
    if (static_cast<uint64_t>(found.st_size) > bytes_max) {
        return refuse("the keys in '" + path + "' are longer than " + std::to_string(bytes_max) +
                      " bytes");
    }
    text.resize(static_cast<size_t>(found.st_size));
    size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t bytes = read(file.get(), text.data() + filled, text.size() - filled);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes <= 0) break;
        filled += static_cast<size_t>(bytes);
    }
    text.resize(filled);
    return {};
}

}  // namespace

bool built_with_signatures() {
    return TROMMEL_NET_SIGNATURES;
}

Status FrameKeys::load(const std::string& path) {
    std::string text;
    if (Status status = read_private_file(path, kFileBytesMax, text); !status.ok()) return status;
    return parse(text, path);
}

Status FrameKeys::parse(std::string_view text, const std::string& origin) {
    if (!built_with_signatures()) {
        return refuse("signatures: this build has no OpenSSL (libcrypto), so keys cannot be used");
    }
    for (size_t line = 1; !text.empty(); ++line) {
        const std::string_view whole = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(whole.size() + 1, text.size()));
        if (Status status = add(whole.substr(0, whole.find('#'))); !status.ok()) {
            status.message = origin + ":" + std::to_string(line) + ": " + status.message;
            return status;
        }
    }
    return keys_.empty() ? refuse("'" + origin + "' holds no key") : Status();
}

Status FrameKeys::add(std::string_view line) {
    const std::string_view name = next_word(line);
    if (name.empty()) return {};
    const std::string_view hex = next_word(line);
    uint32_t source_id = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), source_id);
    if (error != std::errc() || stop != name.data() + name.size()) {
        return refuse("the first word is not a source id from 0 to 4294967295");
    }
    std::string key;
    const bool usable = parse_hex(hex, key) && key.size() >= kKeyBytesMin &&
                        key.size() <= kKeyBytesMax && next_word(line).empty();
    if (!usable) {
        return refuse("expected SOURCE_ID HEXKEY, the key being 32 to 128 hexadecimal digits");
    }
    if (keys_.size() == kKeysMax) {
        return refuse("one key more than the " + std::to_string(kKeysMax) + " that there may be");
    }
    std::unique_ptr<Hmac>& hmac = keys_[source_id];
    if (hmac != nullptr) {
        return refuse("source " + std::to_string(source_id) + " has a key already");
    }
#if TROMMEL_NET_SIGNATURES
    return make_hmac(key, hmac);
#else
    return {};  // Not reached: parse() refuses.
#endif
}

bool FrameKeys::verify(uint32_t source_id, std::string_view frame) {
    const auto found = keys_.find(source_id);
    HmacDigest digest;
    if (found == keys_.end() || frame.size() < kSignatureBytes) return false;
    const size_t bytes = frame.size() - kSignatureBytes;
    return found->second->digest(frame.substr(0, bytes), digest) &&
           equal_in_constant_time(digest.data(), frame.data() + bytes, kSignatureBytes);
}

bool FrameKeys::sign(uint32_t source_id, char* frame, size_t bytes) {
    const auto found = keys_.find(source_id);
    HmacDigest digest;
    if (found == keys_.end() || bytes < kSignatureBytes) return false;
    char* const signature = frame + bytes - kSignatureBytes;
    if (!found->second->digest({frame, bytes - kSignatureBytes}, digest)) return false;
    std::memcpy(signature, digest.data(), kSignatureBytes);
    return true;
}

}  // namespace trommel::net
