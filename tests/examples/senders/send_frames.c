/* Sends 1,000 events to trommel in UDP datagrams:  cc send_frames.c -o send_frames
 *                                                  ./send_frames 127.0.0.1 4000
 * The frame's layout is described in net/README.md; this is all of it for a little-endian machine.
 */
#define XXH_INLINE_ALL
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xxhash.h>

struct event { uint64_t id; int64_t key, time_us, value; };
struct frame {
    char magic[4];
    uint8_t version, flags;
    uint16_t header_bytes;
    uint32_t source_id, epoch;
    uint64_t sequence; /* The number of the frame's first event. */
    uint16_t count, event_bytes;
    uint32_t checksum;
    struct event events[44]; /* 1,440 bytes in all: one Ethernet packet. */
};

static void send_frame(int to, struct frame* frame) {
    size_t size = 32 + frame->count * sizeof(struct event);
    frame->checksum = 0;
    frame->checksum = (uint32_t)XXH3_64bits(frame, size);
    send(to, frame, size, 0);
    frame->sequence += frame->count;
    frame->count = 0;
}

int main(int argc, char** argv) {
    if (argc != 3) return 64;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    int to = socket(AF_INET, SOCK_DGRAM, 0);
    if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) return 64;
    if (connect(to, (struct sockaddr*)&address, sizeof address) != 0) return 69;
    /* A sender that starts again takes a higher epoch, such as the seconds of the clock. */
    struct frame frame = {"TRM1", 1, 0, 32, .source_id = 7, .epoch = 1, .event_bytes = 32};
    for (uint64_t n = 0; n < 1000; ++n) {
        struct event event = {n, n % 10, 1767225600000000 + n * 1000, n};
        frame.events[frame.count++] = event;
        if (frame.count == 44) send_frame(to, &frame);
    }
    if (frame.count > 0) send_frame(to, &frame);
    frame.flags = 2; /* The end: tells the receiver how many there were, should the last be lost. */
    for (int times = 0; times < 3; ++times) send_frame(to, &frame);
    return 0;
}
