#!/usr/bin/env python3
"""DPDK's net_af_packet on one end of a veth pair, a sender that knows what it sent on the other.

Needs root, iproute2 and a build with DPDK, so it is asked for by name:

  TROMMEL_VETH=1 ctest --preset dev -R program_dpdk_veth

The pair lives in a network namespace that goes with the test. How much is lost is the driver's
affair and never asserted; that everything is accounted for is.
"""
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys
import time

from trommel_program import HANGS_AFTER_S, Case, main

EVENTS, FRAMES = 40, 20000
IN_NAMESPACE = "TROMMEL_VETH_NAMESPACE"

JOB = """
version: 1
source:
  type: dpdk
  device: "net_af_packet0,iface=trommel1{ring}"
  eal: [--no-huge, -m, "256"]
  port: 4000
  stop_with_senders: true
dedup: {{ mode: exact }}
time: {{ out_of_order: 1s }}
aggregates: {{ count: count }}
windows: [ {{ name: all, type: tumbling, size: 60s }} ]
sinks: [ {{ type: "null" }} ]
"""


def frame(sequence, count, flags=0):
    """A frame of net/frames.md; ids are sequence numbers."""
    xxhash = ctypes.CDLL("libxxhash.so.0")
    xxhash.XXH3_64bits.restype = ctypes.c_uint64
    xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    header = struct.pack("<4sBBHIIQHH", b"TRM1", 1, flags, 32, 1, 0, sequence, count, 32)
    events = b"".join(struct.pack("<QqqQ", n, 5, n, 1) for n in range(sequence, sequence + count))
    checksum = xxhash.XXH3_64bits(header + bytes(4) + events, 32 + len(events))
    return header + struct.pack("<I", checksum & 0xFFFFFFFF) + events


def packet(payload):
    udp = struct.pack(">HHHH", 5000, 4000, 8 + len(payload), 0) + payload
    words = [0x4500, 20 + len(udp), 0, 0, 0x4011, 0, 0x0A00, 1, 0x0A00, 2]
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    words[5] = ~total & 0xFFFF
    return b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + struct.pack(">10H", *words) + udp


def has_reader(interface):
    """Whether somebody has a packet socket on it."""
    index = socket.if_nametoindex(interface)
    with open("/proc/net/packet") as sockets:
        return any(int(line.split()[4]) == index for line in list(sockets)[1:])


class DpdkVeth(Case):
    @classmethod
    def setUpClass(cls):
        for command in (
            "ip link add trommel0 type veth peer name trommel1",
            "ip link set trommel0 up",
            "ip link set trommel1 up",
        ):
            subprocess.run(command.split(), check=True)

    def run_beside_sender(self, ring):
        program = self.start("run", self.write("job.yaml", JOB.format(ring=ring)))
        limit = time.monotonic() + HANGS_AFTER_S
        while not has_reader("trommel1"):
            self.assertIsNone(program.process.poll(), program.says)
            self.assertLess(time.monotonic(), limit, "the device never opened")
            time.sleep(0.01)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("trommel0", 0))
            for number in range(FRAMES):
                sender.send(packet(frame(number * EVENTS, EVENTS)))
                if number % 64 == 0:
                    time.sleep(0.001)  # Paced: the reader gets its turn.
            while program.process.poll() is None:  # Any of these may be lost.
                self.assertLess(time.monotonic(), limit, "it never ended")
                sender.send(packet(frame(FRAMES * EVENTS, 0, flags=2)))
                time.sleep(0.01)
        program.finish()
        self.check_manners(program)
        self.assert_done(program)
        found = re.search(r"sent=(\d+) delivered=(\d+) lost=(\d+)", program.says)
        self.assertIsNotNone(found, program.says)
        sent, delivered, lost = map(int, found.groups())
        self.assertEqual(sent, FRAMES * EVENTS, program.says)
        self.assertEqual(delivered + lost, sent, program.says)
        self.assertEqual(program.ledger["in"], delivered, program.says)
        self.assertEqual(program.ledger["corrupt"], 0, program.says)
        self.assertGreater(delivered, 0, program.says)
        print(f"net_af_packet{ring}: {program.says.strip()}", file=sys.stderr)

    def test_everything_is_accounted_for_with_a_large_ring(self):
        self.run_beside_sender(",blocksz=65536,framesz=2048,framecnt=8192")

    def test_everything_is_accounted_for_with_the_default_ring_which_loses(self):
        self.run_beside_sender("")


if __name__ == "__main__":
    if os.environ.get("TROMMEL_VETH") != "1":
        print("SKIPPED: needs root; run it with TROMMEL_VETH=1")
        sys.exit(77)
    if os.environ.get(IN_NAMESPACE) != "1":
        os.environ[IN_NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, "-B", *sys.argv])
    main()
