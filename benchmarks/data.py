"""Reading labelled documents: documents a second and memory, in a process of its own.

    python benchmarks/data.py            # 100,000 synthetic documents, about 5 seconds in all
    python benchmarks/data.py --quick    # 10,000

Every offset is verified and every document written again, as ``piispan data convert`` does it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from piispan.core import Document
from piispan.dataset_builder import synthesise, write_jsonl

CONVERT = """
import re, sys, time
from piispan.dataset_builder import iter_documents, write_jsonl
started = time.perf_counter()
count = write_jsonl(iter_documents(sys.argv[1]), sys.argv[2])
seconds = time.perf_counter() - started
# Children inherit ru_maxrss from their parent; VmHWM is their own.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(count, seconds, peak)
"""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10,000 documents.")
    count = 10_000 if parser.parse_args().quick else 100_000
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "documents.jsonl", Path(folder) / "converted.jsonl"
        # A tenth is made, and written ten times under other ids.
        made = list(synthesise(count // 10, seed=1))
        write_jsonl((Document(f"{turn}-{d.id}", d.text, d.spans, d.group) for turn in range(10) for d in made), source)
        megabytes = source.stat().st_size / 2**20
        done = subprocess.run([sys.executable, "-c", CONVERT, str(source), str(out)], capture_output=True, text=True, check=True)
        assert out.read_bytes() == source.read_bytes()
    documents, seconds, peak = map(float, done.stdout.split())
    print(f"{documents:,.0f} documents, {megabytes:.0f} MB: {seconds:.2f} s, {documents / seconds:,.0f} documents/s, {peak:.0f} MiB")
    print(json.dumps({"documents_per_s": round(documents / seconds), "peak_mib": round(peak)}))


if __name__ == "__main__":
    main()
