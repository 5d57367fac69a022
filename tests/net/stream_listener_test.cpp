#include "net/stream_listener.h"

#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <sys/stat.h>

#include "tests/kit/temporary_directory.h"
#include "tests/net/stream_peers.h"

namespace trommel::net {
namespace {

ListenAddress address_of(const std::string& text) {
    ListenAddress address;
    const Status status = parse_listen_address(text, address);
    EXPECT_TRUE(status.ok()) << status.message;
    return address;
}

bool exists(const std::string& path) {
    struct stat file {};
    return lstat(path.c_str(), &file) == 0;
}

TEST(StreamListener, PortZeroBecomesARealOne) {
    StreamListener listener;
    ASSERT_TRUE(listener.listen_tcp(address_of("127.0.0.1:0")).ok());
    EXPECT_EQ(listener.bound().rfind("127.0.0.1:", 0), 0u) << listener.bound();
    EXPECT_NE(listener.bound(), "127.0.0.1:0");
    EXPECT_TRUE(StreamPeer::connect(listener.bound()).connected());
}

TEST(StreamListener, AUsedPortIsAnErrorThatNamesIt) {
    StreamListener first, second;
    ASSERT_TRUE(first.listen_tcp(address_of("127.0.0.1:0")).ok());
    const Status status = second.listen_tcp(address_of(first.bound()));
    EXPECT_EQ(status.code, Code::no_input);
    EXPECT_NE(status.message.find(first.bound()), std::string::npos) << status.message;
}

TEST(StreamListener, ASocketsFileIsItsOwnersAndGoesWithIt) {
    const testkit::TemporaryDirectory directory;
    const std::string path = directory.file("socket");
    {
        StreamListener listener;
        const Status status = listener.listen_unix(path);
        ASSERT_TRUE(status.ok()) << status.message;
        EXPECT_EQ(listener.bound(), path);
        struct stat file {};
        ASSERT_EQ(lstat(path.c_str(), &file), 0);
        EXPECT_TRUE(S_ISSOCK(file.st_mode));
        EXPECT_EQ(file.st_mode & 0777, 0600u);
        EXPECT_TRUE(StreamPeer::connect(path).connected());
    }
    EXPECT_FALSE(exists(path));
}

TEST(StreamListener, ADeadListenersSocketIsReplaced) {
    const testkit::TemporaryDirectory directory;
    const std::string path = directory.file("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(dead, 1), 0);
    close(dead);
    ASSERT_TRUE(exists(path));

    StreamListener listener;
    const Status status = listener.listen_unix(path);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_TRUE(StreamPeer::connect(path).connected());
}

TEST(StreamListener, ALiveListenersSocketIsLeftAlone) {
    const testkit::TemporaryDirectory directory;
    const std::string path = directory.file("socket");
    StreamListener live;
    ASSERT_TRUE(live.listen_unix(path).ok());
    {
        StreamListener second;
        const Status status = second.listen_unix(path);
        EXPECT_EQ(status.code, Code::no_input);
        EXPECT_NE(status.message.find("another process listens"), std::string::npos)
            << status.message;
    }
    EXPECT_TRUE(StreamPeer::connect(path).connected());
}

TEST(StreamListener, AFileThatIsNoSocketIsLeftAlone) {
    const testkit::TemporaryDirectory directory;
    const std::string path = directory.file("notes");
    std::ofstream(path) << "mine";
    {
        StreamListener listener;
        const Status status = listener.listen_unix(path);
        EXPECT_FALSE(status.ok());
        EXPECT_NE(status.message.find("no socket"), std::string::npos) << status.message;
    }
    EXPECT_TRUE(exists(path));
}

TEST(StreamListener, AFileThatSomebodyElsePutThereIsNotRemoved) {
    const testkit::TemporaryDirectory directory;
    const std::string path = directory.file("socket");
    {
        StreamListener listener;
        ASSERT_TRUE(listener.listen_unix(path).ok());
        ASSERT_EQ(rename(path.c_str(), directory.file("moved").c_str()), 0);
        std::ofstream(path) << "new";
    }
    EXPECT_TRUE(exists(path));
}

TEST(StreamListener, APathIsNotTooLong) {
    StreamListener listener;
    EXPECT_EQ(listener.listen_unix("/dev/" + std::string(200, 'x')).code, Code::invalid_config);
    EXPECT_EQ(listener.listen_unix("").code, Code::invalid_config);
}

}  // namespace
}  // namespace trommel::net
