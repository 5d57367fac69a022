#!/usr/bin/env python3
"""Sends 1,000 events to trommel in UDP datagrams:  send_frames.py 127.0.0.1 4000

The frame's layout is described in net/README.md. The checksum needs Debian's python3-xxhash.
"""
import socket
import struct
import sys

import xxhash

EVENTS_PER_FRAME = 44  # 1,440 bytes in all: one Ethernet packet.
END = 2  # A flag: the sender is done.


def make_frame(sequence, events, flags=0, source_id=7, epoch=1):
    """`sequence` is the number of the first event; an event is (id, key, time in us, value).

    A sender that starts again takes a higher epoch, such as the seconds of the clock.
    """
    head = struct.pack(
        "<4sBBHIIQHH", b"TRM1", 1, flags, 32, source_id, epoch, sequence, len(events), 32
    )
    body = b"".join(struct.pack("<Qqqq", *event) for event in events)
    checksum = xxhash.xxh3_64_intdigest(head + bytes(4) + body) & 0xFFFFFFFF
    return head + struct.pack("<I", checksum) + body


def main(host, port):
    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to.connect((host, int(port)))
    events = [(n, n % 10, 1767225600000000 + n * 1000, n) for n in range(1000)]
    for begin in range(0, len(events), EVENTS_PER_FRAME):
        to.send(make_frame(begin, events[begin : begin + EVENTS_PER_FRAME]))
    for _ in range(3):  # Tells the receiver how many there were, should the last be lost.
        to.send(make_frame(len(events), [], flags=END))


if __name__ == "__main__":
    main(*sys.argv[1:])
