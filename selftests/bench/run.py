#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""run.py [PROGRAM...]: run the benchmarks one after the other, print a table,
write build/bench.json: an array of {name, value, unit, ratio, baseline, spread}.

Each figure is a ratio inside one run of one program: value and baseline took
turns on the same machine in the same minute. Bounds are printed beside the
figures, and a bound that is missed is said; the exit code is only about
benchmarks that did not run.
"""
import glob
import json
import os
import re
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# name: (operator, bound on the ratio, or on the value where there is no ratio)
BOUNDS = {
    "fold_vs_hash_1": ("<=", 1.1),
    "fold_vs_hash_64k": ("<=", 0.5),
    "fold_vs_hash_1m": ("<=", 0.5),
    "install_vs_syscall": (">=", 10),
    "folded_vs_unfolded": (">=", 4),
    "bytes_per_flow": ("<=", 256),
    "fig8_9_vs_1": ("<=", 1.05),
    "event_cost_ns": ("<=", 3),
    "invalidate_100k_ms": ("<=", 1),
    "encap_vs_hand": ("<=", 1.2),
    "fig4_one": (">=", 0),
    "fig4_saved_2": (">=", 0.45),
    "fig4_saved_3": (">=", 0.62),
    "fig4_unfolded_2": (">=", 0.8),
    "fig4_unfolded_3": (">=", 0.8),
    "tab3_saved": (">=", 0.7),
    "ids_vs_vectorscan_10k": (">=", 0.5),
    "fig9_chain1_saved": (">=", 0.85),
    "fig9_chain2_saved": (">=", 0.5),
}


def programs():
    """Compiled benches in build/, and scripts beside this one."""
    built = [p for p in sorted(glob.glob("build/selftests/bench/bench_*"))
             if "." not in os.path.basename(p)]
    return built + sorted(glob.glob("selftests/bench/bench_*.sh"))


def figures_of(program):
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True,
                          check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"{program}: exit code {done.returncode}")
    # A round that took no time by the clock, on a machine that was away: no
    # ratio, and JSON has no word for it.
    return [json.loads(re.sub(r":-?(nan|inf)\b", ":null", line))
            for line in done.stdout.splitlines() if line.startswith("{")]


def verdict(figure):
    if figure["name"] not in BOUNDS:
        return ""
    operator, bound = BOUNDS[figure["name"]]
    got = figure["ratio"] if figure.get("ratio") is not None else figure["value"]
    met = got <= bound if operator == "<=" else got >= bound
    return f"{operator} {bound:g}: {'met' if met else 'MISSED'}"


def cell(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def print_row(figure):
    print(f"{figure['name']:<26} {cell(figure['value'], 1):>14} "
          f"{cell(figure.get('baseline'), 1):>14} {figure['unit']:<12} "
          f"{cell(figure.get('ratio'), 3):>8} "
          f"{cell(figure.get('spread'), 3):>7}  {verdict(figure)}", flush=True)


def main():
    os.chdir(TOP)
    figures, failed = [], []
    print(f"kernel {os.uname().release}, {os.cpu_count()} cores")
    print(f"{'figure':<26} {'value':>14} {'baseline':>14} {'unit':<12} "
          f"{'ratio':>8} {'spread':>7}  bound")
    for program in sys.argv[1:] or programs():
        try:
            for figure in figures_of(program):
                figures.append(figure)
                print_row(figure)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            failed.append(str(error))
            print(f"FAILED {error}", flush=True)
    with open("build/bench.json", "w", encoding="utf-8") as out:
        json.dump(figures, out, indent=1)
        out.write("\n")
    return 1 if failed or not figures else 0


if __name__ == "__main__":
    sys.exit(main())
