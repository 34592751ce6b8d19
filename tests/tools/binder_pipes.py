"""Random queries over two tables, most of them right: for comparing binders. See binder_compare.py."""

TABLES = {
    'T': 'l: long, i: int, r: real, dec: decimal, s: string, d: datetime, ts: timespan, b: bool, g: guid, dyn: dynamic',
    'U': 'l: long, s: string, k: int, s1: string, dyn: dynamic, _z: real, Az: datetime',
}
TYPES = ['long', 'int', 'real', 'decimal', 'string', 'datetime', 'timespan', 'bool', 'guid', 'dynamic']
LITERALS = {
    'long': ['1', '0', '-3', '1000000'],
    'int': ['int(2)', 'int(null)'],
    'real': ['1.5', '0.25', 'real(null)'],
    'decimal': ['decimal(1.5)', 'decimal(null)'],
    'string': ['"x"', "'a b'", '""', '@"c:\\d"'],
    'datetime': ['datetime(2024-01-02)', 'now()', 'ago(1h)'],
    'timespan': ['1d', '90m', 'time(01:02:03)'],
    'bool': ['true', 'false'],
    'guid': ['guid(74be27de-1e4e-49d9-b579-fe0b331d3642)'],
    'dynamic': ['dynamic([1, 2])', 'dynamic({"a": 1})', 'dynamic(null)'],
}
# Expressions of a type; {long} and the like stand for an expression of that type.
MAKERS = {
    'long': ['{long} + {long}', '{long} * {int}', '{long} % {long}', 'strlen({string})', 'tolong({any})', '-{long}',
             'array_length({dynamic})', 'countof({string}, {string})', 'abs({long})', 'binary_and({long}, {long})',
             'indexof({string}, {string})', 'datetime_diff("day", {datetime}, {datetime})', 'hash({string})',
             'coalesce({long}, {int})', 'max_of({long}, {long})', 'bin({long}, 10)', 'iff({bool}, {long}, {int})'],
    'int': ['toint({any})', 'monthofyear({datetime})', 'getyear({datetime})', 'hourofday({datetime})', 'dayofyear({datetime})'],
    'real': ['{real} / {long}', '{long} * {real}', 'todouble({any})', 'sqrt({long})', 'round({real}, 2)', 'rand()',
             'pow({real}, {long})', '{timespan} / {timespan}', 'log({real})', 'bin({real}, 0.5)', 'pi()'],
    'decimal': ['todecimal({any})', '{decimal} + {long}', '{decimal} * {decimal}', 'abs({decimal})'],
    'string': ['tostring({any})', 'strcat({any}, "-", {any})', 'tolower({string})', 'substring({string}, 1, {long})',
               'replace_string({string}, {string}, {string})', 'trim("x", {string})', 'extract("(x)", 1, {string})',
               'format_datetime({datetime}, "yyyy-MM")', 'gettype({any})', 'case({bool}, {string}, {bool}, {string}, {string})',
               'strcat_array({dynamic}, ",")', 'reverse({string})', 'base64_encode_tostring({string})', 'tohex({long})'],
    'datetime': ['{datetime} + {timespan}', '{datetime} - {timespan}', 'bin({datetime}, 1h)', 'startofday({datetime})',
                 'todatetime({any})', 'datetime_add("month", {long}, {datetime})', 'make_datetime({int}, 1, {int})',
                 'endofweek({datetime}, -1)', 'unixtime_seconds_todatetime({long})'],
    'timespan': ['{datetime} - {datetime}', 'totimespan({any})', '{timespan} * {long}', 'bin({timespan}, 1m)', 'dayofweek({datetime})',
                 '{timespan} + {timespan}', '-{timespan}'],
    'bool': ['{long} > {real}', '{string} == {string}', '{string} has "x"', '{string} contains {string}', 'not({bool})',
             '{bool} and {bool}', '{bool} or {bool}', '{long} in ({long}, {int})', '{string} in~ ("a", {string})',
             '{datetime} between ({datetime} .. {datetime})', '{long} between (1 .. {long})', 'isempty({string})',
             'isnotnull({any})', '{string} matches regex "x+"', '{string} has_any ("a", "b")', '{dynamic} has "x"',
             'tobool({any})', '{datetime} < {datetime}', '{string} startswith "x"', '{string} !has {string}',
             '{timespan} >= {timespan}', '{guid} == {guid}', '{string} =~ {string}', 'set_has_element({dynamic}, {any})'],
    'guid': ['toguid({string})', 'new_guid()'],
    'dynamic': ['{dynamic}.a', '{dynamic}["b"]', '{dynamic}[0]', 'pack_array({any}, {any})', 'bag_pack("k", {any})',
                'parse_json({string})', 'split({string}, ",")', 'split({string}, ",")[0]', 'array_slice({dynamic}, 0, {long})',
                'bag_merge({dynamic}, {dynamic})', 'set_union({dynamic}, {dynamic})', 'range(1, {long})', 'todynamic({string})',
                'iff({bool}, {dynamic}, {dynamic})', 'parse_url({string}).Host', 'bag_keys({dynamic})', 'zip({dynamic}, {dynamic})'],
}
AGGREGATES = [
    'count()', 'countif({bool})', 'sum({long})', 'sum({timespan})', 'sumif({real}, {bool})', 'avg({real})', 'avg({datetime})',
    'min({any})', 'max({datetime})', 'maxif({long}, {bool})', 'dcount({any})', 'dcountif({string}, {bool})', 'make_list({any})',
    'make_set({any}, 5)', 'make_bag({dynamic})', 'stdev({long})', 'variance({real})', 'percentile({long}, 95)',
    'percentiles({real}, 5, 50)', 'take_any({any})', 'take_any({any}, {any})', 'arg_max({datetime}, {any})', 'arg_max({long}, *)',
    'arg_min({any}, {any}, {any})', 'any({any})', 'hll({string})', 'tdigest({long})', 'make_list_if({any}, {bool})',
    'count_distinct({any})', 'sum({long}) / count()', 'round(avg({real}), 1)', 'strcat("n", count())', 'max({string})',
    'binary_all_or({long})', 'buildschema({dynamic})', 'percentiles_array({real}, 10, 90)', 'covariance({real}, {long})',
]
KINDS = ['inner', 'innerunique', 'leftouter', 'rightouter', 'fullouter', 'leftsemi', 'leftanti', 'rightsemi', 'rightanti', 'anti']
# Operators; {c} a column, {n} a new name, {k} a kind of join, {agg} an aggregate, {T} the other table.
STAGES = [
    'where {bool}', 'where {bool}', 'where {string} has "x" and {long} > 3', 'extend {n} = {any}', 'extend {any}', 'extend {n} = {any}, {any}',
    'extend {c} = {any}', 'project {c}, {c}, {c}', 'project {n} = {any}, {c}', 'project {any}, {any}', 'project {c}, {n} = {c}, {any}',
    'project-away {c}', 'project-away {c}, s*', 'project-keep {c}, {c}', 'project-rename {n} = {c}', 'project-rename {n} = l, {n} = s',
    'project-reorder {c}, {c}', 'project-reorder {c}, * asc', 'project-reorder * desc', 'summarize {agg} by {c}',
    'summarize {agg}, {agg} by {c}, {c}', 'summarize {n} = {agg} by bin({datetime}, 1h)', 'summarize {agg}', 'summarize by {c}, {c}',
    'summarize {agg}, {agg}, {agg} by {n} = {any}', 'summarize {c} = {agg} by {c}', 'summarize {agg} by {any}, {any}',
    'distinct {c}, {c}', 'distinct *', 'sort by {c} asc', 'sort by {any}, {c} desc nulls first', 'top 3 by {c}', 'top 5 by {any} asc',
    'take 10', 'count', 'count as {n}', 'getschema', 'mv-expand {dynamic}', 'mv-expand {n} = {dynamic}', 'mv-expand {c} to typeof(long)',
    'mv-expand with_itemindex={n} {dynamic}', 'mv-expand {n} = {dynamic}, {n} = {dynamic} to typeof(string)',
    'mv-apply {n} = {dynamic} on (summarize {agg})', 'mv-apply {n} = {dynamic} to typeof(long) on (top 1 by {any})',
    'parse {string} with "a" {n} "b" {n}:long', 'parse {c} with * "k=" {n}:real *', 'parse-where {string} with {n}:int "," {n}',
    'parse kind=regex {string} with "x+" {n}:long "y" {n}', 'join kind={k} U on l', 'join kind={k} U on {c}', 'join U on s, l',
    'join kind={k} (U | where {ub}) on $left.{c} == $right.{uc}', 'join kind={k} (U | project l, {n} = s1) on l',
    'lookup U on l', 'lookup kind=inner U on s', 'lookup (U | project s, k) on $left.s == $right.s', 'union U',
    'union (U | project l, s)', 'union withsource={n} U', 'union kind=outer (U | extend {n} = 1)',
    'serialize {n} = row_number()', 'serialize | extend {n} = prev({c})', 'sort by {c} | extend next({c}, 1), row_cumsum({long})',
    'as {n}', 'render timechart', 'render columnchart with (title="x", xcolumn={c})', 'evaluate bag_unpack(dyn)',
    'evaluate bag_unpack(dyn) : (p: long, q: string)', 'project-away dyn | evaluate pivot({c})', 'evaluate pivot({c}, {agg}, {c})',
    'where {string} in (U | project s1)', 'where {long} !in ((U | summarize max(l)))', 'extend {n} = toscalar(U | summarize {uagg})',
    'sample-distinct 3 of {c}', 'sample 5', 'search "x"', 'extend pack_all()', 'extend {n} = bag_pack("a", {any}), {n} = pack_array({any})',
    'extend column_ifexists("{c}", {any})', 'extend column_ifexists("nope", {any})', 'project {any}, {any}, {any}, {any}',
    'extend {any}, {any}, {any}', 'where isnotempty({any})', 'invoke f()', 'extend g({long})', 'extend {n} = g(l)', 'consume',
    'extend ({n}, {n}) = series_fit_line({dynamic})', 'reduce by {c}', 'top-nested 2 of {c} by {agg}', 'project-by-names "{c}"',
]
LETS = [
    '', '', '', 'let g = (x: long) { x * 2 };\n', 'let f = (X: (l: long)) { X | where l > 1 };\n', 'let v = {literal};\n',
    'let W = T | where l > 1;\n', 'let g = (x: long, y: string = "q") { strcat(y, x) };\n', 'let f = (X: (*)) { X | count };\n',
]


def columns_of(table):
    return [tuple(c.strip().split(': ')) for c in TABLES[table].split(',')]


class Pipes:
    """Queries made of STAGES; `rnd` is a function of n: a number below n."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.columns = columns_of('T')
        self.names = 0

    def pick(self, items):
        return items[self.rnd(len(items))]

    def value(self, kind, depth=0):
        if kind == 'any' or self.rnd(25) == 0:  # now and then the wrong type
            kind = self.pick(TYPES)
        roll = self.rnd(10)
        fitting = [name for name, of in self.columns if of == kind]
        if depth > 2 or roll < 5:
            return self.pick(fitting) if fitting and self.rnd(5) else self.pick(LITERALS[kind])
        if roll == 5:
            return self.pick(LITERALS[kind])
        return self.fill(self.pick(MAKERS[kind]), depth + 1)

    def fill(self, text, depth=0):
        out, at = '', 0
        while True:
            begin = text.find('{', at)
            end = text.find('}', begin)
            if begin < 0 or end < 0:
                return out + text[at:]
            word = text[begin + 1:end]
            if not word.isalpha():
                out += text[at:begin + 1]
                at = begin + 1
                continue
            out += text[at:begin] + self.slot(word, depth)
            at = end + 1

    def slot(self, word, depth):
        if word == 'c':
            return self.pick(self.columns)[0]
        if word == 'n':
            self.names += 1
            return f'n{self.names}'
        if word == 'k':
            return self.pick(KINDS)
        if word == 'agg':
            return self.fill(self.pick(AGGREGATES), depth + 1)
        if word in ('uc', 'ub', 'uagg'):
            return {'uc': self.pick(['l', 's', 'k', 's1']), 'ub': self.pick(['k > 1', 's has "x"']),
                    'uagg': self.pick(['max(l)', 'count()', 'take_any(s1)'])}[word]
        if word == 'literal':
            return self.pick(LITERALS[self.pick(TYPES)])
        return self.value(word, depth)

    def stage(self):
        template = self.pick(STAGES)
        text = self.fill(template)
        if template.startswith(('extend {n} = {any}', 'project {n} = {any}')) and self.rnd(2):
            self.columns = self.columns + [(f'n{self.names}', self.pick(TYPES))]
        return text

    def query(self):
        let = self.fill(self.pick(LETS))
        return let + ' | '.join(['T'] + [self.stage() for _ in range(1 + self.rnd(3))])
