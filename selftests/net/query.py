# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""query.py sum PATH | count | stats: of the JSON document on stdin.
sum: adds up the numbers at the end of PATH (keys joined by dots, * for any),
wherever the path begins. count: how many elements the array has. stats: what
`nfold -j stat` prints as lines "KIND WORD PACKETS", drops of both sides as
"drop"."""
import json
import sys


def children(value):
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        return ((str(i), v) for i, v in enumerate(value))
    return ()


def walk(value):
    """The value and everything in it."""
    yield value
    for _, child in children(value):
        yield from walk(child)


def at(value, keys):
    if not keys:
        if isinstance(value, (int, float)):
            yield value
        return
    for key, child in children(value):
        if keys[0] in ("*", key):
            yield from at(child, keys[1:])


def main():
    doc = json.load(sys.stdin)
    if sys.argv[1] == "sum":
        keys = sys.argv[2].split(".")
        print(sum(n for v in walk(doc) for n in at(v, keys)))
    elif sys.argv[1] == "count":
        print(len(doc))
    else:
        for chain in doc:
            for kind, group in chain["packets"].items():
                for word, packets in group["reasons"].items():
                    print(kind.split("_")[0], word, packets)


if __name__ == "__main__":
    main()
