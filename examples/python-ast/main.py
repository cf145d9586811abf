"""Parses Python's standard library, or the Python files of folders, in one interpreter and in several, and finds functions that stand
in more than one file.

    interpreters python main.py [folder ...] [--workers N] [--limit N]
"""

import argparse
import os
import sys
import time
import zipfile
from collections import defaultdict
from concurrent.futures import InterpreterPoolExecutor

from analyse import analyse

STDLIB = "/lib/python314.zip"
#: Of each kind; the fastest counts, since every disturbance only adds time.
ROUNDS = 2
#: Shorter functions are alike by chance.
LEAST_LINES = 5


def find_files(folders):
    """(size, name) of all Python files, the largest first, so that no interpreter is left with a big one at the end."""
    found = []
    if not folders:
        with zipfile.ZipFile(STDLIB) as archive:
            members = [each for each in archive.infolist() if each.filename.endswith(".py")]
        found = [(each.file_size, f"{STDLIB}!{each.filename}") for each in members]
    for folder in folders:
        for path, _, names in os.walk(folder):
            files = [os.path.join(path, name) for name in names if name.endswith(".py")]
            found += [(os.path.getsize(file), os.path.abspath(file)) for file in files]
    return sorted(found, key=lambda each: (-each[0], each[1]))


def measure(executor, files):
    start = time.perf_counter()
    results = list(executor.map(analyse, files))
    return time.perf_counter() - start, results


def report(files, results):
    total_bytes = total_nodes = total_functions = bad = 0
    places = defaultdict(list)
    for file, result in zip(files, results):
        if isinstance(result, str):
            bad += 1
            print(f"  not parsed: {file}: {result}")
            continue
        size, nodes, functions = result
        total_bytes += size
        total_nodes += nodes
        total_functions += len(functions)
        for digest, name, lines in functions:
            if lines >= LEAST_LINES:
                places[digest].append((lines, name, file))
    print(f"{len(files) - bad} files, {total_bytes / 1e6:.1f} MB: {total_functions} functions, {total_nodes} nodes")
    copies = [each for each in places.values() if len({file for _, _, file in each}) > 1]
    copies.sort(key=lambda each: -each[0][0] * (len(each) - 1))
    print(f"Functions that stand in more than one file: {len(copies)}")
    for each in copies[:5]:
        lines, name, _ = each[0]
        shown = ", ".join(sorted({file.rpartition("!")[2] or file for _, _, file in each})[:4])
        print(f"  {lines:4} lines  {name}  in {shown}")


def main():
    parser = argparse.ArgumentParser(prog="main.py", description="Parses Python files in interpreters.")
    parser.add_argument("folders", nargs="*", help="default: the standard library")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=int, default=None, help="only the N largest files")
    given = parser.parse_args()
    found = find_files(given.folders)[: given.limit]
    files = [name for _, name in found]
    if not files:
        sys.exit("No Python files there")
    print(f"Parsing {len(files)} files, the fastest of {ROUNDS} runs each")
    with InterpreterPoolExecutor(1) as one, InterpreterPoolExecutor(given.workers) as many:
        ones, manys = [], []
        for _ in range(ROUNDS):
            ones.append(measure(one, files))
            manys.append(measure(many, files))
    fastest, fastest_many = min(ones)[0], min(manys)[0]
    print(f"  1 interpreter:  {fastest:.2f} s")
    print(f"  {given.workers} interpreters: {fastest_many:.2f} s")
    print(f"  speed-up:       {fastest / fastest_many:.2f}")
    if any(results != ones[0][1] for _, results in ones + manys):
        sys.exit("The runs had different results")
    report(files, ones[0][1])


if __name__ == "__main__":
    main()
