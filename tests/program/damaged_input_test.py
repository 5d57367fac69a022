#!/usr/bin/env python3
"""Inputs as the world makes them: empty, cut off, strange line ends, huge, damaged, extreme."""
import gzip
import json
import os

from trommel_program import CORRUPT, DONE, IO, NO_INPUT, Case, main, oracle, settings, zstd

JOB = """
source: { type: stdin }
decode:
  fields: { id: id, time: time, key: k, values: { v: v } }
aggregates: { n: count, s: sum(v), lo: min(v), hi: max(v) }
windows: [ { name: w, size: 1m } ]
"""
HEADER = b"window,start,end,k,n,s,lo,hi\n"


def event(number, key="x", value=1, time="2026-01-01T00:00:01Z"):
    return f'{{"id":"{number}","time":"{time}","k":"{key}","v":{value}}}'.encode()


def rows(*counted, key=b"x"):
    """The rows of one minute for (n, s, lo, hi)."""
    body = b"".join(
        b"w,1767225600000000,1767225660000000,%s,%d,%d,%d,%d\n" % (key, *cell) for cell in counted
    )
    return HEADER + body


class DamagedInput(Case):
    def run_on(self, data, *more, threads=(1, 2)):
        """The same from stdin and a file, inline and threaded; one run, with its dead letters."""
        job = self.write("job.yaml", JOB)
        source = f"{{type: file, path: {self.write('events.ndjson', data)}}}"
        dead = self.path("dead.ndjson")
        runs = []
        for n in threads:
            more_n = [*settings(engine__threads=n, dlq=f"{{type: file, path: {dead}}}"), *more]
            runs.append(self.run_to_end("run", job, *more_n, send=data))
            runs.append(self.run_to_end("run", job, *settings(source=source), *more_n))
        self.assertEqual(
            len({(run.code, run.rows, json.dumps(run.ledger)) for run in runs}), 1, runs[-1].says
        )
        if os.path.exists(dead):
            runs[-1].letters = [json.loads(line) for line in self.read("dead.ndjson").splitlines()]
        return runs[-1]

    def assert_result(self, run, expected_rows, **counts):
        self.assert_done(run, expected_rows)
        ledger = {name: count for name, count in run.ledger.items() if count}
        self.assertEqual(
            ledger,
            {name: count for name, count in counts.items() if count} | {"in": sum(counts.values())}
            if counts
            else {},
        )

    def test_nothing_is_a_complete_answer(self):
        for data in (b"", b"\n", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"):
            with self.subTest(data):
                self.assert_result(self.run_on(data), HEADER)

    def test_the_last_line_needs_no_end(self):
        self.assert_result(self.run_on(event(1) + b"\n" + event(2)), rows((2, 2, 1, 1)), unique=2)

    def test_a_last_line_that_is_cut_off_is_corrupt(self):
        run = self.run_on(event(1) + b"\n" + event(2)[:-1])
        self.assert_result(run, rows((1, 1, 1, 1)), unique=1, corrupt=1)
        self.assertEqual(run.letters[0]["raw"].encode(), event(2)[:-1])
        self.assertEqual(
            (run.letters[0]["record"], run.letters[0]["offset"]), (1, len(event(1)) + 1)
        )

    def test_crlf_blank_lines_and_a_byte_order_mark_are_accepted(self):
        data = b"\xef\xbb\xbf" + b"\r\n\r\n".join([event(1), event(2), event(1)]) + b"\r\n \t\r\n"
        self.assert_result(self.run_on(data), rows((2, 2, 1, 1)), unique=2, duplicate=1)

    def test_a_byte_order_mark_within_is_damage(self):
        run = self.run_on(event(1) + b"\n\xef\xbb\xbf" + event(2) + b"\n")
        self.assert_result(run, rows((1, 1, 1, 1)), unique=1, corrupt=1)

    def test_unique_records_come_out_without_what_ended_their_lines(self):
        data = (
            b"\xef\xbb\xbf" + event(1) + b"\r\n" + event(2) + b"\n\n" + event(1) + b"\n" + event(3)
        )
        run = self.run_on(data, *settings(sinks="[{type: stdout, output: unique}]"))
        self.assert_done(run, b"".join(event(n) + b"\n" for n in (1, 2, 3)))

    def test_ten_megabyte_lines_are_read(self):
        big = event(1)[:-1] + b',"note":"' + b"x" * 10_000_000 + b'"}'
        run = self.run_on(big + b"\n" + event(2) + b"\n" + big, threads=(1,))
        self.assert_result(run, rows((2, 2, 1, 1)), unique=2, duplicate=1)

    def test_a_line_beyond_the_limit_is_corrupt_and_the_next_one_is_not(self):
        big = event(1)[:-1] + b',"note":"' + b"x" * 10_000_000 + b'"}'
        run = self.run_on(
            big + b"\n" + event(2) + b"\n" + big, *settings(engine__record_bytes_max="1MiB")
        )
        self.assert_result(run, rows((1, 1, 1, 1)), unique=1, corrupt=2)
        self.assertIn("1", run.letters[0]["detail"])  # Says how long a record may be.
        self.assertTrue(big.startswith(run.letters[0]["raw"][:1000].encode()))

    def test_ten_megabytes_of_nothing_are_no_record(self):
        self.assert_result(
            self.run_on(b"\n" * 10_000_000 + event(1), threads=(1,)), rows((1, 1, 1, 1)), unique=1
        )

    def test_a_file_of_zeros_is_one_damaged_record(self):
        run = self.run_on(b"\0" * 3_000_000, threads=(1,))
        self.assertEqual((run.code, run.ledger["in"], run.ledger["corrupt"]), (DONE, 1, 1))

    def test_nul_bytes_are_damage_outside_and_data_inside_when_escaped(self):
        data = b"\n".join(
            [
                event(1),
                event(2) + b"\0",
                b"\0",
                event(3).replace(b'"x"', b'"x\0"'),
                event(4).replace(b'"x"', b'"x\\u0000"'),
            ]
        )
        run = self.run_on(data)
        self.assertEqual((run.ledger["unique"], run.ledger["corrupt"]), (2, 3))
        self.assertIn(b"x\0,1,1,1,1\n", run.rows)
        self.assertEqual(
            [letter["raw"] for letter in sorted(run.letters, key=lambda x: x["record"])][1], "\0"
        )

    def test_of_repeated_names_the_first_counts(self):
        twice = (
            b'{"id":"1","id":"2","time":"2026-01-01T00:00:01Z","time":"bad",'
            b'"k":"x","k":7,"v":5,"v":"no"}'
        )
        run = self.run_on(twice + b"\n" + event(1) + b"\n" + event(2))
        self.assert_result(run, rows((2, 6, 1, 5)), unique=2, duplicate=1)

    def test_numbers_up_to_their_edge_are_exact_and_beyond_it_corrupt(self):
        top, bottom = 2**63 - 1, -(2**63)
        values = [
            top,
            top,
            bottom,
            "-0",
            top + 1,
            bottom - 1,
            "1.0",
            "1e3",
            "007",
            "+1",
            "0x1",
            "NaN",
            "1" * 400,
            '"1"',
        ]
        data = b"\n".join(event(n, value=value) for n, value in enumerate(values))
        run = self.run_on(data)
        self.assert_result(run, rows((4, 2 * top + bottom, bottom, top)), unique=4, corrupt=10)

    def test_sums_beyond_64_bits_are_exact(self):
        data = b"\n".join(event(n, value=2**63 - 1) for n in range(1000))
        self.assert_result(
            self.run_on(data),
            rows((1000, 1000 * (2**63 - 1), 2**63 - 1, 2**63 - 1)),
            unique=1000,
        )

    def test_times_at_the_edge(self):
        times = {
            "9999-12-31T23:59:59.999999Z": True,
            "0001-01-01T00:00:00Z": True,
            "1969-12-31T23:59:59.999999Z": True,
            "2024-02-29T00:00:00+14:00": True,
            "2023-02-29T00:00:00Z": False,
            "2026-13-01T00:00:00Z": False,
            "2026-01-01T24:00:00Z": False,
            "2026-01-01": False,
            "": False,
            "now": False,
        }
        run = self.run_on(b"\n".join(event(n, time=time) for n, time in enumerate(times)))
        self.assertEqual((run.ledger["unique"], run.ledger["corrupt"]), (4, 6))
        wanted, _ = self.oracle(
            b"\n".join(event(n, time=time) for n, (time, good) in enumerate(times.items()) if good)
        )
        self.assertEqual(run.rows.splitlines()[1:], wanted.splitlines()[1:])

    def test_numbers_as_times_up_to_their_edge(self):
        limit = 2**60
        for unit, good, bad in (
            ("us", limit - 1, limit),
            ("us", -limit + 1, -limit),
            ("s", 10**12, 2**60),
            ("ns", 1000 * limit - 1, 1000 * limit),
            ("ms", 10**15, 2 * 10**15),
        ):
            with self.subTest(unit=unit, good=good):
                data = b"\n".join(
                    event(t, time=t).replace(b'"time":"%d"' % t, b'"time":%d' % t)
                    for t in (good, bad)
                )
                run = self.run_on(
                    data,
                    *settings(decode__fields__time=f"{{field: time, format: {unit}}}"),
                    threads=(1,),
                )
                self.assertEqual(
                    (run.code, run.ledger["unique"], run.ledger["corrupt"]), (DONE, 1, 1), run.says
                )

    def oracle(self, data):
        return oracle(
            self.write("oracle.ndjson", data),
            "--key",
            "k",
            "--value",
            "v",
            "--window",
            "w=tumbling:1m",
        )

    def test_text_needs_no_plain_letters(self):
        keys = [
            "a,b",
            'say \\"hi\\"',
            "\\u00e9",
            "é",
            "\\ud83d\\ude00",
            "line\\nbreak",
            "",
            " ",
            "\\\\",
            "\\ud800",
        ]
        data = b"\n".join(event(n, key=key) for n, key in enumerate(keys))
        run = self.run_on(data)
        wanted, ledger = self.oracle(data)
        self.assert_same_bytes(run.rows[len(HEADER) :], wanted[wanted.index(b"\n") + 1 :], run)
        self.assertEqual(run.ledger["corrupt"], ledger["corrupt"])

    def test_every_kind_of_broken_line_has_a_reason_in_words(self):
        broken = [
            b"{",
            b"[]",
            b"null",
            b"{}",
            b'{"id":1}',
            b"\xff\xfe",
            event(1)[:-3],
            event(1) + event(2),
            b'"text"',
            event(1).replace(b'"x"', b"null"),
            event(1).replace(b'"x"', b'"\xff"'),
            b"{'id': 1}",
            b"// no",
            b"}",
        ]
        run = self.run_on(b"\n".join(broken))
        self.assert_result(run, HEADER, corrupt=len(broken))
        for letter in run.letters:
            self.assertEqual(letter["reason"], "corrupt")
            self.assertGreater(len(letter["detail"]), 5, letter)

    def test_on_error_fail_says_which_record_and_names_nothing(self):
        job = self.write("job.yaml", JOB)
        final = self.path("rows.csv")
        run = self.run_to_end(
            "run",
            job,
            *settings(decode__on_error="fail", sinks=f"[{{type: file, path: {final}}}]"),
            send=event(1) + b"\nbroken\n" + event(2),
        )
        self.assertEqual(run.code, CORRUPT)
        self.assertRegex(run.says, r"stdin: record 1 at byte \d+: corrupt: \w+")
        self.assertFalse(os.path.exists(final))

    def test_damaged_packed_files_are_told_and_not_half_believed(self):
        data = b"\n".join(event(n) for n in range(20000))
        job = self.write("job.yaml", JOB)
        final = self.path("rows.csv")
        for name, packed in (
            ("cut.gz", gzip.compress(data)[:-2000]),
            ("cut.zst", zstd(data)[:-2000]),
            ("empty.gz", b""),
            ("empty.zst", b""),
            ("not.gz", data),
            ("not.zst", data),
            ("flip.gz", gzip.compress(data)[:3000] + b"\xff" * 50 + gzip.compress(data)[3050:]),
        ):
            with self.subTest(name):
                path = self.write(name, packed)
                run = self.run_to_end(
                    "run",
                    job,
                    *settings(
                        source=f"{{type: file, path: {path}}}",
                        sinks=f"[{{type: file, path: {final}}}]",
                    ),
                )
                if name.startswith("empty") and run.code == DONE:  # Nothing at all is no damage.
                    self.assertEqual(self.read("rows.csv"), HEADER)
                    os.remove(final)
                    continue
                self.assertEqual(run.code, IO, run.says)
                self.assertIn(path, run.says)
                self.assertFalse(os.path.exists(final))

    # --- CSV ---

    def test_csv_with_every_kind_of_line_and_quote(self):
        first = b"1,2026-01-01T00:00:01Z,x,1\n"
        plain = b"id,time,k,v\n" + first + b'2,2026-01-01T00:00:01Z,"x",2\n' + first
        crlf = b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")
        for name, data in (("plain", plain), ("crlf and mark", crlf), ("no end", plain[:-1])):
            with self.subTest(name):
                run = self.run_on(data, *settings(decode__format="csv"))
                self.assert_result(run, rows((2, 3, 1, 2)), unique=2, duplicate=1)

    def test_csv_lines_of_another_length_are_corrupt(self):
        at = b"2026-01-01T00:00:01Z"
        data = b"id,time,k,v\n1,%s,x\n2,%s,x,2,3\n3,%s,x,3\n" % (at, at, at)
        self.assert_result(
            self.run_on(data, *settings(decode__format="csv")),
            rows((1, 3, 3, 3)),
            unique=1,
            corrupt=2,
        )

    def test_csv_without_a_column_that_the_job_needs(self):
        run = self.run_on(b"id,time,k\n1,2026-01-01T00:00:01Z,x\n", *settings(decode__format="csv"))
        self.assert_result(run, HEADER, corrupt=1)
        self.assertIn("'v'", run.letters[0]["detail"])

    def test_csv_text_within_quotes_may_hold_anything(self):
        data = b'id,time,k,v\n1,2026-01-01T00:00:01Z,"a,""b""\nc",1\n'
        run = self.run_on(data, *settings(decode__format="csv"))
        self.assert_result(run, rows((1, 1, 1, 1), key=b'"a,""b""\nc"'), unique=1)

    def test_csv_of_nothing(self):
        self.assert_result(self.run_on(b"id,time,k,v\n", *settings(decode__format="csv")), HEADER)
        run = self.run_on(b"", *settings(decode__format="csv"))
        self.assertIn(run.code, (DONE, NO_INPUT))


if __name__ == "__main__":
    main()
