"""The same as bench_wfdb.c with wfdb-python (pip install wfdb): bench_wfdb.py FOLDER [MAX]."""
import pathlib
import sys
import time

import wfdb

folder = pathlib.Path(sys.argv[1])
limit = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
records = sorted(str(p)[:-4] for p in folder.rglob("*.hea"))[:limit]
for what, physical in (("integers", False), ("physical values", True)):
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        for r in records:
            wfdb.rdrecord(r, physical=physical)
        best = min(best, time.perf_counter() - start)
    print(f"{len(records)} records, read to {what}: {best / len(records) * 1e3:.3f} ms a record "
          f"(wfdb-python {wfdb.__version__})")
