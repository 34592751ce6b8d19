#!/usr/bin/env python3
"""Compares the binder with Microsoft's, on the texts of binder_texts.py.

  binder_compare.py inventory BUILD > tests/data/binder_functions.tsv   what calls are made of: the catalogue of today
  binder_compare.py emit GENERATOR [SEED] > queries.jsonl               operators, calls, pipes or mutants
  node ../shared/tools/binder.js DIR < queries.jsonl > answers.jsonl    the judge (development only)
  binder_compare.py compare BUILD queries.jsonl answers.jsonl [N]       differences by kind, N examples each
  binder_compare.py record answers.jsonl... > tests/data/binder_verdicts.tsv   of texts made with seed 1
  binder_compare.py check BUILD [GENERATOR]                             replays what was recorded; a name: shows the differences

A line of the verdicts: generator, group, checksum of the texts, and for each text `-` refused, `.` no answer, or accepted:
`=` and a hash of names and types of the columns, `~` and one of the names that have a type, where some depend on data."""
import base64
import collections
import json
import os
import re
import subprocess
import sys
import zlib
from binder_texts import groups

GENERATORS = ['operators', 'calls', 'pipes', 'mutants']
DATA = 'tests/data/binder_verdicts.tsv'
KNOWN = 'tests/data/binder_known.tsv'
SHARED = '../shared'
FLOOR = 0.99   # of the texts outside the known kinds
CEILING = 0.05 # of all texts for those


def short(text, n):
    return base64.b64encode(zlib.crc32(text.encode()).to_bytes(4, 'big'), b'+/')[:n].decode()


def known_names(answer):
    """The judge shows fields of an open table that were used as columns of it; without a type, they do not count."""
    return '\t'.join(n for n, t in zip(answer['columns'], answer['types']) if t != 'unknown')


def verdict(answer):
    """Of the judge's answer; of ours, `open` and `unknown` say the same."""
    if answer is None or 'crash' in answer:
        return '.'
    if not answer['ok']:
        return '-'
    names, types = answer.get('columns') or [], answer.get('types') or []
    if answer.get('open') or 'unknown' in types:
        return '~' + short(known_names(answer), 2)
    return '=' + short('\t'.join(names + types), 2)


def agrees(judged, ours):
    if judged[0] == '~' and ours['ok']:
        return judged[1:] == short(known_names(ours), 2)
    if judged[0] == '=' and ours['ok'] and 'unknown' in ours['types']:
        return True  # more is left to the data here
    return judged == verdict(ours)


def made(generator, seed):
    return [(g, q, t) for g, q, t in groups(generator, seed, SHARED)]


def ask(build, queries):
    text = ''.join(json.dumps({'id': str(i), 'query': q, 'tables': t}) + '\n' for i, (q, t) in enumerate(queries))
    out = subprocess.run([build + '/tests/bind-dump'], input=text, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def known_kinds():
    """[(refused here / accepted here / other columns, pattern of the message or query)]"""
    rows = [line.rstrip('\n').split('\t') for line in open(KNOWN) if line.strip() and line[0] != '#']
    return [(kind, re.compile(pattern)) for kind, pattern, _ in rows]


def message(answer):
    return answer['diagnostics'][0]['message'] if answer['diagnostics'] else ''


def outcome(judged, ours, query, kinds):
    """same, not built, known, or a difference"""
    if judged == '.':
        return 'no answer'
    if not ours['ok'] and 'not supported' in message(ours):
        return 'not built'
    if agrees(judged, ours):
        return 'same'
    kind = 'refused' if not ours['ok'] else 'accepted' if judged == '-' else 'columns'
    text = message(ours) if kind == 'refused' else query
    return 'known' if any(k == kind and p.search(text) for k, p in kinds) else kind


def inventory(build):
    out = subprocess.run([build + '/kqlstream', 'functions', '--json'], capture_output=True, text=True, check=True).stdout
    for row in map(json.loads, out.splitlines()):
        if row['Kind'] in ('function', 'aggregate'):
            print(row['Name'], row['Kind'], row['Arguments'], sep='\t')


def emit(generator, seed):
    for group, queries, tables in made(generator, seed):
        for i, query in enumerate(queries):
            print(json.dumps({'id': f'{generator}\t{group}\t{i}', 'query': query, 'tables': tables}))


def record(paths):
    answers = {a['id']: a for path in paths for a in map(json.loads, open(path))}
    for generator in GENERATORS:
        for group, queries, _ in made(generator, 1):
            verdicts = [verdict(answers.get(f'{generator}\t{group}\t{i}')) for i in range(len(queries))]
            print(generator, group, short('\n'.join(queries), 4), ''.join(verdicts), sep='\t')


def check(build, only):
    recorded, kinds = collections.defaultdict(dict), known_kinds()
    for line in open(DATA):
        generator, group, stamp, verdicts = line.rstrip('\n').split('\t')
        recorded[generator][group] = (stamp, re.findall(r'[-.]|[=~]..', verdicts))
    failed = False
    for generator in [only] if only else GENERATORS:
        if generator == 'mutants' and not os.path.isdir(SHARED + '/conformance'):
            print(f'skip binder-{generator} ../shared/conformance is not here')
            continue
        queries, judged, stale = [], [], 0
        for group, texts, tables in made(generator, 1):
            stamp, verdicts = recorded[generator].get(group, ('', []))
            if stamp != short('\n'.join(texts), 4):
                stale += 1
                continue
            queries += [(q, tables) for q in texts]
            judged += verdicts
        n = collections.Counter()
        for (query, _), expected, ours in zip(queries, judged, ask(build, queries)):
            result = outcome(expected, ours, query, kinds)
            n[result] += 1
            if only and result in ('refused', 'accepted', 'columns'):
                print(f'{result} | {query!r} | {message(ours) if not ours["ok"] else list(zip(ours["columns"], ours["types"]))}')
        different = n['refused'] + n['accepted'] + n['columns']
        share = n['same'] / (n['same'] + different or 1)
        ok = share >= FLOOR and n['known'] <= CEILING * len(queries) and n['same'] > 0 and not stale
        failed |= not ok
        print(f'{"ok" if ok else "not ok"} binder-{generator}: {100 * share:.2f} % of {n["same"] + different} agree, {n["known"]} known '
              f'differences, {n["not built"]} not built' + (f'; {stale} groups are not what was recorded' if stale else ''))
    return failed


def compare(build, queries_path, answers_path, examples):
    queries = [json.loads(line) for line in open(queries_path)]
    answers = {a['id']: a for a in map(json.loads, open(answers_path))}
    kinds, found, n = known_kinds(), collections.defaultdict(list), collections.Counter()
    for q, ours in zip(queries, ask(build, [(q['query'], q['tables']) for q in queries])):
        theirs = answers.get(q['id'])
        result = outcome(verdict(theirs), ours, q['query'], kinds)
        errors = [d for d in (theirs or {}).get('diagnostics', []) if d['severity'] == 'Error']
        if result == 'same' and not ours['ok'] and errors and theirs['syntax_ok']:
            place = any(e['start'] <= d['start'] + d['length'] and d['start'] <= e['start'] + e['length']
                        for e in errors for d in ours['diagnostics'])
            n['same, at another place'] += not place
        n[result] += 1
        if result in ('refused', 'accepted', 'columns'):
            said = message(ours) if not ours['ok'] else list(zip(ours['columns'], ours['types']))
            judge = errors[0]['message'] if errors else list(zip(theirs['columns'] or [], theirs['types'] or []))
            kind = re.sub(r"'[^']*'|\d+", '…', str(judge if result == 'accepted' else said if result == 'refused' else ''))
            found[result + ' here: ' + kind].append((q['query'], judge, said))
    print(dict(n), 'of', len(queries))
    for kind, cases in sorted(found.items(), key=lambda item: -len(item[1])):
        print('##', len(cases), kind)
        for query, judge, said in sorted(cases, key=lambda c: len(c[0]))[:examples]:
            print('   ', repr(query), '\n        judge:', judge, '\n        here: ', said)


def main(args):
    if args[:1] == ['inventory'] and len(args) == 2:
        return inventory(args[1])
    if args[:1] == ['emit'] and len(args) in (2, 3):
        return emit(args[1], args[2] if len(args) > 2 else 1)
    if args[:1] == ['record']:
        return record(args[1:])
    if args[:1] == ['check'] and len(args) in (2, 3):
        return check(args[1], args[2] if len(args) > 2 else None)
    if args[:1] == ['compare'] and len(args) in (4, 5):
        return compare(args[1], args[2], args[3], int(args[4]) if len(args) > 4 else 2)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
