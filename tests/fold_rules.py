#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TAP: each rule of docs/FOLD.md, and each hole H1 to H17 of docs/TESTING.md,
names tests that are in the tree.

A rule is an item `- **N7 ...`, a hole a row `| H7 ... |`. Both name tests as
"file: `name`, `name`; file: `name`". file is tests/FILE, selftests/prog_run/FILE
or selftests/net/FILE, with .c or .sh. name is a test function that main() lists,
or the beginning of a test's sentence. A hole's tests have its number in their
name: h7_... or "H7 ...".
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PLACES = ["tests/%s.c", "tests/%s.sh", "selftests/prog_run/%s.c",
          "selftests/net/%s.sh"]
HOLES = ["H%d" % n for n in range(1, 18)]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def source(name):
    for place in PLACES:
        if os.path.exists(os.path.join(ROOT, place % name)):
            return read(place % name)
    return None


def is_test(name, text):
    """A function is defined, and named again where the tests are listed. A
    sentence begins a string, which may go on over several literals."""
    if re.fullmatch(r"[a-z0-9_]+", name):
        return len(re.findall(r"\b%s\b" % name, text)) > 1
    text = re.sub(r'"\s*\n\s*"', "", text)
    return re.search("[\"']" + re.escape(name), text) is not None


def named(text):
    """(file, name) pairs of "file: `name`, `name`; file: ..."."""
    pairs, file = [], None
    for m in re.finditer(r"\b(\w+):\s+(?=`)|`([^`]+)`", text):
        if m.group(1):
            file = m.group(1)
        elif file:
            pairs.append((file, re.sub(r"\s*\n\s*", " ", m.group(2))))
    return pairs


def wrong(tests, hole=None):
    """What is wrong with the tests that something names; None: nothing."""
    if not tests:
        return "names no test"
    for file, name in tests:
        text = source(file)
        if text is None:
            return "no test file %s" % file
        if not is_test(name, text):
            return "%s has no test %s" % (file, name)
        if hole and not re.search(r"\b%s(_|\b)" % hole, name, re.I):
            return "%s does not have %s in its name" % (name, hole)
    return None


def rules(text):
    """{number: tests} of the items; a rule's tests are its last *(...)*."""
    found = {}
    for m in re.finditer(r"^- \*\*([PN]\d+) (.*?)(?=^\S|^\n|\Z)", text,
                         re.M | re.S):
        last = m.group(2).rpartition("*(")
        found[m.group(1)] = named(last[2]) if last[1] else []
    return found


def holes(text):
    return {m.group(1): named(m.group(2))
            for m in re.finditer(r"^\| (H\d+) (.*)$", text, re.M)}


def main():
    fold, testing = read("docs/FOLD.md"), read("docs/TESTING.md")
    results = [("rule %s names its tests" % i, wrong(tests))
               for i, tests in rules(fold).items()]
    marks = len(re.findall(r"\*\*[PN]\d+ ", fold))
    results.append(("every rule was read", None if len(results) == marks > 30
                    else "%d items of %d rules" % (len(results), marks)))
    results += [("hole %s names its tests" % i, wrong(holes(testing).get(i), i))
                for i in HOLES]
    for n, (what, why) in enumerate(results, 1):
        print("%s %d - %s" % ("not ok" if why else "ok", n, what))
        if why:
            print("# " + why)
    print("1..%d" % len(results))
    return any(why for _, why in results)


if __name__ == "__main__":
    sys.exit(main())
