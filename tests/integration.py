#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Counts, as Table II of the SpeedyBox paper does, what integrates an NF.

integration.py            print docs/INTEGRATION.md
integration.py --update   write it
integration.py --check    TAP: it is up to date, no NF needs more than the paper's
integration.py --count F  integration and code lines of one C file

Lines are those with code: no comments, no blank lines. Statements are what C
takes for one, with the `if (...)` in front of it, over as many lines as they
have. Integration is every statement that makes one of the four calls or says
why a flow must stay slow, that declares or fills a header action or a state
function for them, and functions that do nothing else, with their calls.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGE = os.path.join(ROOT, "docs", "INTEGRATION.md")
PAPER_MOST = 27

RECORDS = re.compile(r"\b(nf_extract_fid|localmat_\w+|register_event|ha_\w+)\s*\("
                     r"|\bstruct\s+(header_action|state_function)\b")
# What NFs have of their own to know whether a flow may be folded at all; the
# paper's NFs have no such part. FILE, or FILE:FUNCTION.
ANALYSIS = {
    "firewall": ["key_only.c", "key_bytes.c", "key_value.c", "key_value.h",
                 "firewall_view.c:firewall_key_view", "firewall_view.c:write_ip4",
                 "firewall_view.c:write_ip6", "firewall_view.c:write_l4"],
    "ids": ["rule_check.c:of_key", "rule_check.c:key_only", "ids_flow.c:decide_by_key"],
    "ipfilter": ["ipfilter_field.c:ip4_key", "ipfilter_field.c:transp_key",
                 "ipfilter_field.c:transp_min", "ipfilter_field.c:echo_is_ambiguous"],
}
PAPER = [("Snort", 1129, 27), ("Maglev", 141, 23), ("IPFilter", 110, 20),
         ("Monitor", 223, 19), ("MazuNAT", 358, 20)]
COUNTERPART = {"ids": "Snort", "lb": "Maglev", "ipfilter": "IPFilter", "firewall": "IPFilter",
               "monitor": "Monitor", "nat": "MazuNAT"}


def strip(text):
    """Comments, strings and preprocessor lines to blanks; lines stay."""
    def blank(m):
        if m.group(0)[0] in "\"'":
            return '""' if m.group(0)[0] == '"' else "0"
        return re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])*\'',
                  blank, text, flags=re.S)
    return text


def code_lines(text):
    return {i for i, s in enumerate(text.split("\n"), 1) if s.strip()}


def statements(text):
    """(text, first line, last line) of each; a block's head is one, and so is
    its closing brace."""
    text = re.sub(r"^[ \t]*#(\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  text, flags=re.M)
    start, line, first, paren, init = 0, 1, 1, 0, 0
    for i, c in enumerate(text):
        if not text[start:i].strip():
            first = line
        if c == "\n":
            line += 1
        elif c in "([":
            paren += 1
        elif c in ")]":
            paren -= 1
        elif c == "{" and (paren or init or
                           re.search(r"=\s*$|\(\s*(const\s+)?struct\s+\w+\s*\)\s*$",
                                     text[start:i])):
            init += 1
        elif c == "}" and init:
            init -= 1
        elif c in ";{}" and not paren and not init:
            yield text[start:i + 1].strip(), first, line
            start = i + 1


def functions(text):
    """(name, first line, last line, [statements]), by the kernel's style: the
    braces of a function stand in the first column."""
    lines = text.split("\n")
    for m in re.finditer(r"^\{$(.*?)^\}", text, flags=re.M | re.S):
        at = text.count("\n", 0, m.start())
        head = at - 1
        while head > 0 and lines[head - 1].strip() and \
                not lines[head - 1].rstrip().endswith((";", "}")):
            head -= 1
        name = re.search(r"(\w+)\(", " ".join(lines[head:at]))
        body = [s for s in statements(m.group(1))]
        yield (name.group(1) if name else "", head + 1,
               at + 1 + m.group(0).count("\n"), body)


def count(text):
    """(integration, code) lines of a C file's text, as sets."""
    text = strip(text)
    code, marked = code_lines(text), set()
    calls = []
    for name, first, last, body in functions(text):
        if body and all(RECORDS.search(s) for s, _, _ in body):
            marked |= set(range(first, last + 1))
            calls.append(rf"\b{name}\s*\(")
    records = re.compile("|".join([RECORDS.pattern] + calls))
    for s, first, last in statements(text):
        if not s.endswith(("{", "}")) and records.search(s):
            marked |= set(range(first, last + 1))
    return marked & code, code


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def analysis_lines(nf, name, text):
    lines = set()
    for what in ANALYSIS.get(nf, []):
        file, _, function = what.partition(":")
        if file != name:
            continue
        stripped = strip(text)
        found = [(a, b) for f, a, b, _ in functions(stripped) if f == function]
        if function and not found:
            sys.exit(f"integration.py: {nf}/{file} has no {function}(): ANALYSIS is out of date")
        for a, b in found or [(1, text.count("\n") + 1)]:
            lines |= set(range(a, b + 1)) & code_lines(stripped)
    return lines


def measure(nf):
    """(own, integration, analysis) lines of the NF's folder."""
    folder = os.path.join(ROOT, "chains", nf)
    own = integration = analysis = 0
    for name in sorted(os.listdir(folder)):
        if not name.endswith((".c", ".h")):
            continue
        text = read(os.path.join(folder, name))
        marked, code = count(text)
        extra = analysis_lines(nf, name, text)
        integration += len(marked)
        analysis += len(extra)
        own += len(code - marked - extra)
    for what in ANALYSIS.get(nf, []):
        if not os.path.exists(os.path.join(folder, what.partition(":")[0])):
            sys.exit(f"integration.py: chains/{nf} has no {what}: ANALYSIS is out of date")
    return own, integration, analysis


def nfs():
    chains = os.path.join(ROOT, "chains")
    return sorted(d for d in os.listdir(chains)
                  if os.path.exists(os.path.join(chains, d, d + ".c")))


def page():
    out = ["# Integration", "",
           "What it takes to make an NF of nfold out of an NF: lines of code, without comments and blank lines, counted by",
           "`tests/integration.py`, which has the rules; `make integration` writes this page anew. SpeedyBox counts the same in its",
           "Table II.", "",
           "| NF | own lines | to know what may fold | integration | | paper's NF | its lines | added |",
           "|---|--:|--:|--:|--:|---|--:|--:|"]
    paper = {name: (loc, added) for name, loc, added in PAPER}
    for nf in nfs():
        own, integration, analysis = measure(nf)
        like = COUNTERPART.get(nf)
        loc, added = paper.get(like, ("", ""))
        out.append(f"| {nf} | {own} | {analysis or ''} | {integration} | "
                   f"{100 * integration / own:+.1f} % | {like or ''} | {loc} | {added} |")
    out += ["",
            "*Integration* is the four calls (`nf_extract_fid`, `localmat_add_HA`, `localmat_add_SF`, `register_event`), `localmat_keep_slow`",
            f"and what is written for them only. The most that an NF of the paper needs is {PAPER_MOST} (Snort, on {PAPER[0][1]} lines); a test",
            "holds every NF here to it.", "",
            "*To know what may fold* is what the paper's NFs do without: the proof that a rule looks at nothing but the flow key. Counted",
            "are files and functions that do nothing else. Without it, a firewall that takes any tcpdump expression, or an IPFilter that",
            "takes TCP flags, would fold decisions that hold for one packet only. An NF that judges by addresses and ports needs none.", "",
            "*Own lines* are more than the paper's because they hold the parsing of chain files, errors with places, state across",
            "restarts, and what `nfold nf show` prints."]
    return "\n".join(out) + "\n"


SAMPLE = """/* localmat_add_HA(x) in a comment */
static const struct state_function sf = {
	.name = "localmat_add_SF(",

	.count = true,
};

static void record(struct nf *nf,
		   struct nf_pkt *pkt)
{
	localmat_add_SF(nf, nf_extract_fid(pkt), &sf,
			NULL);
}

static int packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_drop(1);
	int x = f((struct y){ 1, 2 });

	if (x) {
		g(x);
	}
	if (!x)
		localmat_keep_slow(nf, nf_extract_fid(pkt), 3);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	record(nf, pkt);
	return x;
}
"""
SAMPLE_LINES = {2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 17, 23, 24, 25, 26}


def tap(ok, text, why=""):
    tap.n += 1
    print(f"{'ok' if ok else 'not ok'} {tap.n} - {text}")
    if not ok:
        print(f"# {why}")
        tap.failed = True


tap.n, tap.failed = 0, False


def check():
    marked, code = count(SAMPLE)
    tap(marked == SAMPLE_LINES and len(code) == 23,
        "a sample is counted as by hand", f"{sorted(marked)}, {len(code)}")
    for nf in nfs():
        lines = measure(nf)[1]
        tap(0 < lines <= PAPER_MOST, f"{nf} is integrated in 1 to {PAPER_MOST} lines",
            f"{lines} lines")
    try:
        same = read(PAGE) == page()
    except FileNotFoundError:
        same = False
    tap(same, "docs/INTEGRATION.md says so", "make integration writes it; look at the difference")
    print(f"1..{tap.n}")
    return tap.failed


def main(args):
    if args == ["--check"]:
        return check()
    if len(args) == 2 and args[0] == "--count":
        marked, code = count(read(args[1]))
        for n, s in enumerate(read(args[1]).split("\n"), 1):
            print(("+" if n in marked else " ") + s)
        print(f"{len(marked)} of {len(code)}")
        return 0
    if args == ["--update"]:
        with open(PAGE, "w", encoding="utf-8") as f:
            f.write(page())
        return 0
    if args:
        sys.exit(__doc__)
    sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
