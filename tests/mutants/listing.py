"""The mutants: what cargo-mutants lists, the conditions of SQL, and slips made by hand."""
import json
import re
import subprocess

from modules import GROUPS, SLIPS
from place import ROOT, fail
from syntax import nodes, parse

SQL = re.compile(r"\b(AND|WHERE)\s+((?:NOT\s+)?EXISTS\s*\(|[a-z_.$0-9'()]+\s+(?:<=|>=|<>|=|<|>|IS|IN)\s+)")


def listed(group):
    if group == "slips":
        return [slip(*one) for one in SLIPS]
    files = [word for pattern in GROUPS[group][0] for word in ("--file", pattern)]
    ran = subprocess.run(["cargo", "mutants", "--list", "--json", *files], cwd=ROOT, text=True, capture_output=True)
    if ran.returncode != 0:
        fail(ran.stderr)
    mutants = [dict(one, group=group) for one in json.loads(ran.stdout)]
    for file in sorted({one["file"] for one in mutants}) if group == "store" else []:
        mutants += conditions(file)
    return mutants


def slip(file, written, slipped, tests):
    source = (ROOT / file).read_bytes()
    at = source.find(written.encode())
    if at < 0 or source.find(written.encode(), at + 1) >= 0:
        fail(f"{file}: « {written} » is not there once")
    name = f"{file}: {slipped} instead of {written}"
    one = {"file": file, "group": "slips", "genre": "Slip", "replacement": slipped, "name": name, "tests": tests}
    return dict(one, node=(at, at + len(written.encode())))


def conditions(file):
    """The conditions of the SQL in a file, each to be made always true."""
    source = (ROOT / file).read_bytes()
    for node in nodes(parse(source)):
        if node.type != "string_literal" or not re.search(rb"\b(SELECT|UPDATE|DELETE)\b|AND ", node.text):
            continue
        text = node.text.decode()
        for found in SQL.finditer(text):
            begin, end = found.start(2), condition_end(text, found.start(2))
            if end is None or text[begin:end].strip() in ("", "1 = 1"):
                continue
            mutated = f"{text[:begin]}({text[begin:end]} OR 1 = 1){text[end:]}"
            shown = " ".join(text[begin:end].split())
            yield {"file": file, "group": "store", "genre": "Sql", "node": (node.start_byte, node.end_byte),
                   "replacement": mutated, "name": f"{file}:{node.start_point[0] + 1}: make « {shown} » always true"}


def condition_end(text, at):
    """Where a condition ends: at the next word that joins or closes at its own depth."""
    depth, begin = 0, at
    while at < len(text):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            if depth == 0:
                return at
            depth -= 1
        elif depth == 0 and at > begin and re.match(
            r"\s+(AND|OR|ORDER|LIMIT|RETURNING|THEN|GROUP|UNION)\b|\"$|\s*\Z", text[at:]
        ):
            return at
        at += 1
    return None
