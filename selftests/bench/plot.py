#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""plot.py: SpeedyBox's figures 4, 5, 8 and 9, ours beside the paper's numbers, by
gnuplot into docs/plots/*.svg, from what `make bench` left: build/bench.json
and build/fig*.dat. A figure whose numbers are not there is said, and its plot
stays as it is; the exit code is 1 then.

The paper's numbers are those of its text (section VII), BESS.
"""
import json
import os
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HEAD = """set terminal svg size 560,340 font "sans,11" noenhanced
set output "docs/plots/{name}.svg"
set grid ytics lc rgb "#dddddd"
set key {key}
set title "{title}"
"""
OURS, THEIRS, THIRD = "#1f77b4", "#ff7f0e", "#888888"


class Missing(Exception):
    """Numbers that no bench has left."""


def numbers(rows):
    return "\n".join(" ".join(str(c) for c in row) for row in rows)


def gnuplot(name, title, key, body):
    script = HEAD.format(name=name, title=title, key=key) + body
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def data(name):
    path = f"build/{name}.dat"
    if not os.path.exists(path):
        raise Missing(f"{path}: run build/selftests/bench/bench_{name[:4]}")
    with open(path, encoding="utf-8") as lines:
        return [[float(w) for w in line.split()] for line in lines
                if line.strip() and not line.startswith("#")]


def bench():
    if not os.path.exists("build/bench.json"):
        raise Missing("build/bench.json: run make bench")
    with open("build/bench.json", encoding="utf-8") as text:
        return {f["name"]: f for f in json.load(text)}


def saved(figures, name):
    """Per cent, of the least of the rounds."""
    if name not in figures:
        raise Missing(f"{name} in build/bench.json: run make bench")
    return 100 * figures[name]["least_ratio"]


def figure4(figures):
    """Part saved by 1 to 3 header actions and by the early drop. The paper does
    not say in its text what one header action costs more."""
    rows = [
        ("1", saved(figures, "fig4_one"), saved(figures, "fig4_unfolded_one"), "NaN"),
        ("2", saved(figures, "fig4_saved_2"), saved(figures, "fig4_unfolded_2"), 40.9),
        ("3", saved(figures, "fig4_saved_3"), saved(figures, "fig4_unfolded_3"), 57.7),
        ("drop", saved(figures, "tab3_saved"), saved(figures, "tab3_unfolded"), 65.0),
    ]
    gnuplot("fig4", "Cost saved by consolidation (figure 4, table III)", "bottom right", f"""
$d << E
{numbers(rows)}
E
set style data histograms
set style fill solid 0.8
set ylabel "% saved"
set xlabel "header actions; drop: of three NFs the third drops (table III)"
set xzeroaxis
set yrange [-110:100]
plot $d using 2:xtic(1) lc rgb "{OURS}" title "nfold beside a tail-call chain in XDP", \\
  $d using 3 lc rgb "{THIRD}" title "nfold beside its unfolded chain", \\
  $d using 4 lc rgb "{THEIRS}" title "paper, beside BESS"
""")


def figure5(_):
    """Latency with 1 to 3 functions of 1,400 bytes, and by the size of work."""
    rows = data("fig5")
    bars = [(int(n), 100 * (1 - two / unfolded))
            for n, size, _, _, unfolded, _, _, _, two in rows if size == 1400]
    paper = {1: "NaN", 2: "NaN", 3: 59}
    bars = [(n, ours, paper[n], 100 * (n - 1) / n) for n, ours in bars]
    curves = [[(r[2], r[6] / r[8]) for r in rows if r[0] == n] for n in (2, 3)]
    gnuplot("fig5", "Latency saved by parallel functions of 3 us (figure 5)", "left top", f"""
$d << E
{numbers(bars)}
E
set style data histograms
set style fill solid 0.8
set ylabel "% saved"
set xlabel "state functions that read"
set xzeroaxis
set yrange [-20:100]
plot $d using 2:xtic(1) lc rgb "{OURS}" title "nfold, two threads", \\
  $d using 3 lc rgb "{THEIRS}" title "paper (its text has it for 3)", \\
  $d using 4 lc rgb "{THIRD}" title "(N-1)/N, with a core for each"
""")
    gnuplot("fig5_even", "Two threads beside one, by the size of the work", "left top", f"""
$a << E
{numbers(curves[0])}
E
$b << E
{numbers(curves[1])}
E
set ylabel "times as fast"
set xlabel "ns of one function"
set logscale x
plot 1 lc rgb "{THIRD}" notitle, \\
  $a with linespoints lc rgb "{OURS}" title "2 functions", \\
  $b with linespoints lc rgb "{THEIRS}" title "3 functions"
""")


def figure8(_):
    rows = data("fig8")
    gnuplot("fig8", "Long chains: 1 to 9 filters (figure 8)", "left top", f"""
$d << E
{numbers(rows)}
E
set ylabel "ns a packet, without I/O"
set xlabel "NFs"
set xrange [0.5:9.5]
set yrange [0:*]
plot $d using 1:3 with linespoints lc rgb "{THIRD}" title "unfolded, in user space", \\
  $d using 1:2 with linespoints lc rgb "{OURS}" title "folded, in XDP"
""")


def figure9_of(name, title, paper):
    rows = data(f"fig9_{name}")[::2]
    title += f"\\nat the median the paper saves {paper} % (BESS)"
    gnuplot(f"fig9_{name}", title, "right bottom", f"""
$d << E
{numbers(rows)}
E
set ylabel "share of the connections"
set xlabel "flow processing time, us, without I/O"
set logscale x
plot $d using 3:1 with lines lc rgb "{THIRD}" title "unfolded", \\
  $d using 2:1 with lines lc rgb "{OURS}" title "folded"
""")


def figure9(_):
    figure9_of("chain1", "Chain 1, web search (figure 9a)", 39.6)
    figure9_of("chain1_firewall", "Chain 1, rules for first packets only", 39.6)
    figure9_of("chain2", "Chain 2, web search (figure 9b)", 41.3)
    figure9_of("chain2_firewall", "Chain 2, rules for first packets only", 41.3)


def main():
    os.chdir(TOP)
    os.makedirs("docs/plots", exist_ok=True)
    failed = 0
    for figure in (figure4, figure5, figure8, figure9):
        try:
            figure(bench())
        except Missing as what:
            print(f"plot.py: no {figure.__name__}: {what}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
