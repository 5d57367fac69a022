#!/usr/bin/env python3
"""Runs many jobs of oracle.py in one process, because starting Python costs more than a small job.

argv[1] names a file with one job per line, tab-separated: where the rows go, where the ledger goes,
then the arguments of oracle.py.
"""
import contextlib, sys

import oracle


def main():
    with open(sys.argv[1], encoding="utf-8") as jobs:
        for job in jobs:
            rows_path, ledger_path, *sys.argv[1:] = job.rstrip("\n").split("\t")
            with (
                open(rows_path, "w", encoding="utf-8", newline="") as rows,
                open(ledger_path, "w", encoding="utf-8") as ledger,
                contextlib.redirect_stdout(rows),
                contextlib.redirect_stderr(ledger),
            ):
                oracle.main()


if __name__ == "__main__":
    main()
