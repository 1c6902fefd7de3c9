# SPDX-License-Identifier: GPL-2.0-only
"""The small faults that mutate puts into a C source or a .def table.

mutants(path, text, names) gives every one of a file; all of it is by regular expressions on
text whose comments, strings and preprocessor lines are blanked, for code in the kernel's style.
"""

import collections
import re

# Characters start..end of the file's text become @new. @before and @after are the
# lines concerned, by which a mutant is known when lines move.
Mutant = collections.namedtuple("Mutant", "path op start end new line before after")

KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "do", "else", "case", "goto"}
COMPARE = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
           "==": ("!=",), "!=": ("==",)}
BARRIER = re.compile(r"(dsb|isb|dmb)$")
UPKEEP = re.compile(r"tlb|flush|clean|inval|cache|(^|_)[di]c($|_)")
ASSIGN = re.compile(r"^\t+(\**\(?[\w\[\].>()&+-]+) (\||&|\+|-|\^|<<|>>)?= ", re.M)


def blank(text):
    """The same length and lines, without comments, strings and the preprocessor's lines, and what
    the compiler checks: no test fails by that."""
    def spaces(m):
        return re.sub(r"[^\n]", " ", m.group())
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])*\'', spaces, text,
                  flags=re.S)
    text = re.sub(r"^[ \t]*#(\\\n|[^\n])*", spaces, text, flags=re.M)
    for m in re.finditer(r"\b_Static_assert(?=\()", text):
        end = closing(text, m.end())
        text = text[:m.start()] + re.sub(r"[^\n]", " ", text[m.start():end]) + text[end:]
    return text


def names_of(texts):
    """For a name the next one of its kind: a #define or enumerator of one prefix, a member of
    one type in one structure, a field of one GENMASK() or BIT()."""
    after = {}

    def row(group):
        for a, b in zip(group, group[1:] + group[:1]):
            if a != b:
                after.setdefault(a, b)
    for text in texts:
        code = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        kinds = collections.defaultdict(list)
        found = re.findall(r"^#define[ \t]+([A-Z]\w+)[ \t]+\S", code, re.M)
        for body in re.findall(r"\benum\b[^;{}()]*\{([^{}]*)\}", code):
            found += re.findall(r"\b([A-Z]\w*)\b(?=[^,]*(?:,|$))", body)
        for name in found:
            kinds[name.split("_")[0]].append(name)
        for body in re.findall(r"\bstruct\b[^;{}()]*\{([^{}]*)\}", code):
            for type_, members in re.findall(r"^\s*((?:const |struct |enum |volatile )*\w+)"
                                             r"\s+([^;()]+);", body, re.M):
                for member in members.split(","):
                    shape = re.sub(r"\w+", "", member.split("[")[0].strip())
                    kinds[body, type_, shape, "[" in member] += re.findall(r"\w+", member)[:1]
        for group in kinds.values():
            row(group)
    return after


def closing(text, at):
    """Past the bracket that closes the one at @at."""
    depth = 0
    for m in re.compile(r"[()\[\]{}]").finditer(text, at):
        depth += 1 if m.group() in "([{" else -1
        if not depth:
            return m.end()
    return len(text)


def statement_end(text, at):
    """Past the semicolon of the statement at @at; None if it is none."""
    while at < len(text):
        if text[at] in "([{":
            at = closing(text, at)
        elif text[at] == ";":
            return at + 1
        elif text[at] in ")}]":
            return None
        else:
            at += 1
    return None


def begins(text, at):
    """Does a statement begin here, or does one go on from the line before?"""
    return re.search(r"([;{}):]|\belse|\bdo)\s*$", text[max(0, at - 300):at])


def expressions(code, names):
    """Operators, conditions, constants."""
    for m in re.finditer(r"(?<=\s)(<=|>=|==|!=|<|>)(?=\s)", code):
        for new in COMPARE[m.group()]:
            yield "compare", m.start(), m.end(), new
    for m in re.finditer(r"&&|\|\|", code):
        yield "boolean", m.start(), m.end(), "||" if m.group() == "&&" else "&&"
    for m in re.finditer(r"!(?=[\w(*])", code):
        yield "boolean", m.start(), m.end(), ""
    for m in re.finditer(r"\bif (\()", code):
        end = closing(code, m.start(1))
        condition = code[m.start(1):end]
        if not re.fullmatch(r"\(!(?:(?!&&|\|\|).)*\)", condition, re.S):	# done above
            yield "boolean", m.start(1), end, "(!" + condition + ")"
    for m in re.finditer(r"(?<=[<>=]\s)([A-Za-z_]\w*(?:(?:->|\.)\w+)*)(?=[;)]| [&|?])", code):
        if re.search(r"(^|[^<>])[<>]=? $", code[:m.start()][-4:]):
            for new in " + 1", " - 1":
                yield "bound", m.end(), m.end(), new
    for m in re.finditer(r"(?<![\w.])([1-9]\d*|0)([UL]*)(?![\w.])", code):
        lead = code[max(0, m.start() - 40):m.start()]
        bits = re.search(r"((<<|>>) |BIT\(|GENMASK\([^()]*|FIELD\([^()]*)$", lead)
        n = int(m.group(1))
        for new in ([n + 1] if n == 0 else [n + 1, n - 1]):
            yield "field" if bits else "bound", m.start(), m.end(), str(new) + m.group(2)
    for m in re.finditer(r"\b0x([0-9a-f]+)([UL]*)\b", code):
        yield "field", m.start(), m.end(), "%#x%s" % (int(m.group(1), 16) << 1 or 1, m.group(2))
    for m in re.finditer(r"(?<=->)\w+|(?<=[\w\])]\.)\w+|\b[A-Z][A-Z]\w+\b(?!\()", code):
        if m.group() in names:
            yield "field", m.start(), m.end(), names[m.group()]


def statements(code, names):
    """What is done, left out or done wrongly."""
    for m in re.finditer(r"^\t+((?:asm )?\w+)\s*\(", code, re.M):
        end = closing(code, m.end() - 1)
        if m.group(1) in KEYWORDS or code[end:end + 1] != ";" or not begins(code, m.start(1)):
            continue
        op = ("barrier" if BARRIER.match(m.group(1)) else
              "upkeep" if UPKEEP.search(code[m.start(1):end]) else "call")
        yield op, m.start(1), end + 1, ";"
    for m in ASSIGN.finditer(code):
        end = statement_end(code, m.end())
        if end and begins(code, m.start(1)):
            yield "assignment", m.start(1), end, ";"
    for m in re.finditer(r"^\t+([\w>.\[\]-]+(?:\+\+|--);)", code, re.M):
        yield "assignment", m.start(1), m.end(1), ";"
    for m in re.finditer(r"\breturn ", code):
        end = statement_end(code, m.end())
        if not end:
            continue
        value = code[m.end():end - 1]
        new = {"true": "false", "false": "true", "0": "1",
               "NULL": "(void *)8"}.get(value) or names.get(value)
        if not new:
            new = "0" if re.fullmatch(r"\w+", value) else "!(%s)" % value
        yield "return", m.end(), end - 1, new
    for m in re.finditer(r"\b(break|continue|return);", code):
        yield "jump", m.start(), m.end(), ";"


def rows(code):
    """A table: a field becomes what another row has in its place, a row goes."""
    table = collections.defaultdict(list)
    for m in re.finditer(r"^([A-Z]\w*)\((.*)\)", code, re.M):
        fields, at = [], m.start(2)
        for part in re.split(r",(?![^(]*\))", m.group(2)):
            lead = len(part) - len(part.lstrip())
            fields.append((at + lead, part.strip()))
            at += len(part) + 1
        table[m.group(1), len(fields)].append(fields)
        yield "row", m.start(), m.end(), ""
    for same in table.values():
        for i, fields in enumerate(same):
            for column, (at, value) in enumerate(fields):
                others = [f[column][1] for f in same[i + 1:] + same[:i] if f[column][1] != value]
                if others:
                    yield "field", at, at + len(value), others[0]


def squeeze(text):
    return " ".join(text.split())


def mutants(path, text, names):
    code = blank(text)
    if path.endswith(".def"):
        found = rows(code)
    else:
        # Bodies of functions, and tables: what stands between braces in column 0.
        inside = re.sub(r"[^\n]", " ", code)
        for m in re.finditer(r"^(\{|(?:static )?const [^;{]*= \{).*?^\}", code, re.M | re.S):
            inside = inside[:m.start(1)] + code[m.start(1):m.end()] + inside[m.end():]
        found = list(expressions(inside, names)) + list(statements(inside, names))
    seen = set()
    for op, start, end, new in sorted(found, key=lambda f: f[1:]):
        if text[start:end] == new or (start, end, new) in seen:
            continue
        seen.add((start, end, new))
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        yield Mutant(path, op, start, end, new, text.count("\n", 0, start) + 1,
                     squeeze(text[first:last]), squeeze(text[first:start] + new + text[end:last]))
