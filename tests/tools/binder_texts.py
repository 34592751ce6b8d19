"""Texts for comparing binders, the same for a seed on every machine: see binder_compare.py.

A generator gives groups: (name, [query, ...], tables). Operators and calls are a sample of all combinations, pipes are
random queries, mutants are the real queries of ../shared/conformance with pieces exchanged (they are not kept here)."""
import json
import os
import re
from binder_pipes import LITERALS, TABLES, TYPES, Pipes

COLUMNS = ['l', 'i', 'r', 'dec', 's', 'd', 'ts', 'b', 'g', 'dyn']
CONSTANTS = ['1', '1.5', '"x"', 'true', '1d', 'datetime(2020-01-01)', 'dynamic([1])', 'dynamic({"a": 1})', 'int(null)', 'decimal(1)']
OPERATORS = ['+', '-', '*', '/', '%', '==', '!=', '<', '>', '<=', '>=', '=~', '!~', 'and', 'or', 'contains', 'has', 'startswith',
             '!contains_cs', 'has_cs', '!endswith', 'hasprefix', 'hassuffix_cs', 'matches regex', '<>']
LISTS = ['in', '!in', 'in~', '!in~', 'has_any', 'has_all']
OF_TYPE = {'bool': 'b', 'int': 'i', 'long': 'l', 'real': 'r', 'number': 'r', 'decimal': 'dec', 'string': 's', 'text': 's',
           'datetime': 'd', 'timespan': 'ts', 'guid': 'g', 'dynamic': 'dyn', 'any': 's', 'common': 'l'}
CONSTANT = {'bool': 'true', 'long': '1', 'int': '1', 'real': '1.5', 'number': '1.5', 'string': '"x"', 'text': '"x"', 'any': '1',
            'dynamic': 'dynamic([1])', 'timespan': '1d', 'datetime': 'datetime(2020-01-01)'}
WORDS = {'datetime_add': '"day"', 'datetime_diff': '"day"', 'datetime_part': '"day"', 'datepart': '"day"'}
WINDOW = ('prev', 'next', 'row_')


class Random:
    """splitmix64"""

    def __init__(self, *seeds):
        self.state = 0
        for seed in seeds:
            for byte in str(seed).encode():
                self.state = (self.state ^ byte) * 0x100000001B3 % 2**64

    def __call__(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        x = self.state
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
        return (x ^ x >> 31) % n


def sample(texts, rnd, share):
    return [t for t in dict.fromkeys(texts) if rnd(share) == 0]


def operators(seed):
    operands = COLUMNS + CONSTANTS
    for op in OPERATORS:
        yield op, sample((f'T | project {a} {op} {b}' for a in operands for b in operands), Random(seed, op), 3)
    for op in LISTS:
        pairs = [f'T | project {a} {op} ({b})' for a in operands for b in operands]
        pairs += [f'T | project {a} {op} ({b}, {c})' for a in COLUMNS for b in operands for c in ('1', '"x"', b)]
        pairs += [f'T | project {a} {op} (U | project {c})' for a in COLUMNS for c in ('l', 's', 'dyn', 'Az', '_z')]
        yield op, sample(pairs, Random(seed, op), 4)
    for op in ('between', '!between'):
        texts = [f'T | project {a} {op} ({b} .. {c})' for a in COLUMNS for b in operands for c in ('l', 'd', 'ts', '1', 's', '1.5', b)]
        yield op, sample(texts, Random(seed, op), 4)
    texts = [f'T | project {op}{a}' for op in '-+' for a in operands] + [f'T | where {a}' for a in operands]
    texts += [f'T | project {a}{i}' for a in operands for i in ('[0]', '["a"]', '.a', '[l]', '[s]', '[dyn]')]
    yield 'unary', sample(texts, Random(seed, 'unary'), 2)


def parameters(text):
    """[(type, constant, optional, repeats)] of "real, [const long], (string, any)..." """
    out = []
    for group in re.findall(r'\([^)]*\)\.\.\.|[^,()]+', text):
        group = group.strip()
        repeats = group.endswith('...')
        group = group.removesuffix('...').strip('() ')
        for item in group.split(','):
            item = item.strip()
            if item:
                word = item.strip('[]. ').removesuffix('...').strip('[] ')
                out.append((word.removeprefix('const ').strip(), word.startswith('const '), item.startswith('['), repeats))
    return out


def call_texts(name, kind, params):
    full = [CONSTANT.get(t, '1') if const else OF_TYPE.get(t, 's') for t, const, _, _ in params]
    if name in WORDS and full:
        full[0] = WORDS[name]
    need = [a for a, p in zip(full, params) if not p[2]]
    more = full + full[-1:] if params and params[-1][3] else full
    head = ('T | sort by l | ' if name.startswith(WINDOW) else 'T | ') + ('project ' if kind == 'function' else 'summarize ')
    for args in (full, need, more, full + ['l'], need[:-1], ['*']):
        call = f'{name}({", ".join(args)})'
        yield head + call
        yield f'T | extend x = 1, {call}' if kind == 'function' else f'T | summarize {call}, n = {call} by s'
        yield f'T | summarize count() by {call}' if kind == 'function' else f'T | summarize strcat("a", {call}) by bin(d, 1h)'
    for k in range(len(full)):
        for other in COLUMNS + CONSTANTS + ['pack_array(l)', 'bag_pack("a", l)', 'dyn.a', 'strcat(s, "x")', 'l + 1']:
            args = list(full)
            args[k] = other
            yield f'{head}{name}({", ".join(args)})'


def calls(seed, functions):
    rows = {}
    for line in open(functions):
        name, kind, args = line.rstrip('\n').split('\t')
        rows.setdefault((name, kind), []).append(parameters(args))
    for (name, kind), overloads in sorted(rows.items()):
        texts = [t for params in overloads for t in call_texts(name, kind, params)]
        yield f'{kind} {name}', sample(texts, Random(seed, kind, name), 4)


def pipes(seed):
    for block in range(60):
        yield str(block), [Pipes(Random(seed, block, i)).query() for i in range(50)]


# ---- mutants ----

PIECE = re.compile(r'\b(?:datetime|guid|time)\([^()"]*\)|'
                   r'//[^\n]*|@?"(?:\\.|[^"\\\n])*"|@?\'(?:\\.|[^\'\\\n])*\'|\b\d[\w.]*|[A-Za-z_]\w*|[=!<>]=|=~|!~|\.\.|\s+|.', re.S)
INFIX = ['==', '!=', '+', '-', '*', '/', '<', '>=', 'contains', 'has', 'startswith', '=~', 'and', 'or', '%']
KEYWORDS = set('where extend project summarize by on let join kind and or union with to typeof in has contains between datatable print '
               'range from step take limit top sort order asc desc distinct parse lookup evaluate dynamic datetime timespan long int real '
               'string bool decimal guid count inner leftouter true false null materialize as serialize render nulls first last'.split())
CALLS = ['tostring', 'toint', 'tolower', 'strlen', 'isempty', 'todatetime', 'parse_json', 'array_length', 'abs', 'bin', 'iff', 'strcat',
         'split', 'bag_keys', 'not', 'round', 'ago', 'startofday', 'hash', 'pack_array', 'todouble', 'trim', 'extract', 'coalesce',
         'count', 'dcount', 'sum', 'max', 'avg', 'make_set', 'make_list', 'take_any', 'countif', 'arg_max', 'stdev', 'percentile']
WRAPS = ['tostring({})', 'toint({})', '{} + 1', 'strcat({}, "y")', 'isnotempty({})', '{}[0]', 'bin({}, 1)', 'max({})', 'n = {}', '{}.p',
         'iff(true, {}, 1)', 'case({} == "x", 1, 2.0)', 'tolower({})', 'parse_json({})', 'split({}, ",")', '-{}']


def names_in(pieces):
    return sorted({p for i, p in enumerate(pieces) if re.match(r'[A-Za-z_]\w*$', p) and p not in KEYWORDS
                   and not (i + 1 < len(pieces) and pieces[i + 1] == '(')}) or ['x']


def stages_of(pieces):
    parts, depth = [''], 0
    for p in pieces:
        depth += (p in '([{') - (p in ')]}')
        if p == '|' and depth == 0:
            parts.append('')
        else:
            parts[-1] += p
    return parts


def mutant(text, rnd):
    for _ in range(1 + rnd(2)):
        pieces = PIECE.findall(text)
        names = names_in(pieces)
        which = rnd(10)
        if which < 4:  # another operator behind it, or between
            maker = Pipes(rnd)
            maker.columns = [(n, TYPES[rnd(len(TYPES))]) for n in names]
            parts = stages_of(pieces)
            parts.insert(len(parts) if rnd(3) else 1 + rnd(len(parts)), ' ' + maker.stage().replace('U', 'SigninLogs') + '\n')
            text = '|'.join(parts)
            continue
        if which == 4:
            parts = stages_of(pieces)
            if len(parts) > 2:
                del parts[1 + rnd(len(parts) - 1)]
            text = '|'.join(parts)
            continue
        def is_it(i, p):
            return (which == 5 and re.match(r'[a-z_]\w*$', p) and p not in KEYWORDS and i + 1 < len(pieces) and pieces[i + 1] == '(' or
                    which == 6 and re.match(r'[\d"\']', p) or which == 7 and p in INFIX or which > 7 and p in names)
        at = [i for i, p in enumerate(pieces) if is_it(i, p)]
        if not at:
            continue
        i = at[rnd(len(at))]
        pick = lambda items: items[rnd(len(items))]
        pieces[i] = (pick(CALLS) if which == 5 else pick(LITERALS[pick(TYPES)]) if which == 6 else pick(INFIX) if which == 7 else
                     pick(names) if which == 8 else pick(WRAPS).replace('{}', pieces[i]))
        text = ''.join(pieces)
    return text


def schemas(shared):
    out = {}
    for line in open(os.path.join(shared, 'kql', 'schemas.tsv')).read().split('\n')[1:]:
        field = line.split('\t')
        if len(field) > 3:
            name = field[2] if re.match(r'\w+$', field[2]) else f"['{field[2]}']"
            out.setdefault(field[0], {}).setdefault(field[1], []).append(f'{name}: {field[3]}')
    return {d: {t: ', '.join(c) for t, c in tables.items()} for d, tables in out.items()}


def mutants(seed, shared, count=6):
    known = schemas(shared)
    for line in open(os.path.join(shared, 'conformance', 'real-queries-dev.jsonl')):
        case = json.loads(line)
        tables = {t: known[case['dialect']][t] for t in case['tables'] + ['SigninLogs'] if t in known[case['dialect']]}
        yield case['id'], [mutant(case['query'], Random(seed, case['id'], i)) for i in range(count)], tables


def groups(generator, seed, shared=None, functions='tests/data/binder_functions.tsv'):
    """(group, queries, tables) of a generator"""
    made = {'operators': lambda: operators(seed), 'calls': lambda: calls(seed, functions), 'pipes': lambda: pipes(seed),
            'mutants': lambda: mutants(seed, shared)}[generator]()
    for group in made:
        yield group if len(group) == 3 else (*group, TABLES)
