"""The tree with every mutant in it, each behind its number."""
import re
import shutil
import subprocess

from modules import BUILT, LEFT_OUT
from place import ROOT, TREE, WORK
from syntax import nodes, parse


def make_tree():
    """A copy of what git knows, with the switch."""
    WORK.mkdir(parents=True, exist_ok=True)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        copy = TREE / name
        if name.startswith("src/") and name.endswith(".rs") or name in ("tests/it/main.rs", *(file for file, _ in LEFT_OUT)):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_bytes() != (ROOT / name).read_bytes():
            shutil.copy2(ROOT / name, copy)
    # What is mutated is written later, once.
    # The tests look for their other programs beside what is built.
    trim()
    tools = TREE / "target" / "tools"
    tools.parent.mkdir(exist_ok=True)
    if not tools.is_symlink():
        tools.symlink_to((ROOT / "target" / "tools").resolve())


def trim():
    """Leaves of the integration tests the modules that are asked."""
    main = (ROOT / "tests/it/main.rs").read_text()
    kept = "|".join(BUILT)
    main = re.sub(rf"(?m)^(#\[cfg\([^\n]*\)\]\n)?mod (?!(?:{kept});)\w+;\n", "", main)
    put("tests/it/main.rs", main)
    for file, module in LEFT_OUT:
        put(file, re.sub(rf"(?m)^(#\[cfg\([^\n]*\)\]\n)?mod {module};\n", "", (ROOT / file).read_text()))


def put(name, text):
    """Written only if it differs: what is unchanged is not built again."""
    if not (TREE / name).exists() or (TREE / name).read_text() != text:
        (TREE / name).parent.mkdir(parents=True, exist_ok=True)
        (TREE / name).write_text(text)


SWITCH = '''
/// Whether the mutant of this number is active.
#[doc(hidden)]
pub fn mutated(number: u32) -> bool {
    static ACTIVE: std::sync::LazyLock<u32> =
        std::sync::LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0));
    *ACTIVE == number
}
'''


def switch(mutants):
    """Writes every mutant behind its number; one that cannot be written so is told as such."""
    for file in sorted({one["file"] for one in mutants}):
        source = (ROOT / file).read_bytes()
        of_file = [one for one in mutants if one["file"] == file]
        put(file, rewrite(source, of_file).decode())
    mutated = {one["file"] for one in mutants}
    for file in sorted((ROOT / "src").rglob("*.rs")):
        name = str(file.relative_to(ROOT))
        if name not in mutated and name != "src/lib.rs":
            put(name, file.read_text())
    put("src/lib.rs", (ROOT / "src/lib.rs").read_text() + SWITCH)


def rewrite(source, mutants):
    tree = parse(source)
    at = {}
    for node in nodes(tree):
        at.setdefault((node.start_byte, node.end_byte), []).append(node)
    edits = {}
    lines = [0]
    for line in source.split(b"\n"):
        lines.append(lines[-1] + len(line) + 1)

    def offset(place):
        line = source[lines[place["line"] - 1]:lines[place["line"]]].decode()
        return lines[place["line"] - 1] + len(line[: place["column"] - 1].encode())

    for one in mutants:
        if one["state"] == "unviable":
            continue
        span = one.get("node") or (offset(one["span"]["start"]), offset(one["span"]["end"]))
        target = target_of(one, span, at, tree)
        if target is not None:
            edits.setdefault((target.start_byte, target.end_byte), []).append((one, span, target))
            one["state"] = "written"
    return render(source, tree.root_node, edits)


def target_of(one, span, at, tree):
    """The part of the source that is written twice: as it is, and as the mutant has it."""
    if one["genre"] == "FnValue":
        node = tree.root_node.descendant_for_byte_range(*span)
        while node is not None and node.type != "function_item":
            node = node.parent
        # A function without a name for its type returns one type only.
        opaque = "impl " in one["function"]["return_type"]
        if node is None or opaque or b"const" in source_of_modifiers(node):
            return None
        return node.child_by_field_name("body")
    if one["genre"] == "Slip":
        node = tree.root_node.descendant_for_byte_range(*span)
        inside = ("string_content", "string_literal")
        while node is not None and node.type in inside and node.type != "string_literal":
            node = node.parent
        return node
    if one["genre"] in ("BinaryOperator", "UnaryOperator"):
        node = tree.root_node.descendant_for_byte_range(*span)
        wanted = ("binary_expression", "unary_expression", "compound_assignment_expr")
        while node is not None and node.type not in wanted:
            node = node.parent
        return None if in_constant(node) else node
    if one["genre"] == "Sql":
        node = next((node for node in at.get(span, []) if node.type == "string_literal"), None)
        if node is None:
            return None
        if node.parent.type == "arguments":
            return node
        while node is not None and node.type not in ("macro_invocation", "const_item"):
            node = node.parent
        return node if node is not None and node.type == "macro_invocation" else None
    if one["genre"] in ("MatchArm", "MatchArmGuard"):
        node = tree.root_node.descendant_for_byte_range(*span)
        while node is not None and node.type != "match_arm":
            node = node.parent
        return node.child_by_field_name("pattern") if node is not None else None
    return None


def source_of_modifiers(function):
    return b" ".join(child.text for child in function.children if child.type == "function_modifiers")


def in_constant(node):
    while node is not None:
        if node.type in ("const_item", "static_item", "macro_invocation", "attribute_item"):
            return True
        if node.type == "function_item":
            return b"const" in source_of_modifiers(node)
        node = node.parent
    return True


def render(source, node, edits, above=False):
    """The text of a node, mutants in it."""
    here = [] if above else edits.get((node.start_byte, node.end_byte), [])
    here = [edit for edit in here if edit[2].type == node.type]
    inner, at = b"", node.start_byte
    for child in node.children:
        inner += source[at:child.start_byte] + render(source, child, edits)
        at = child.end_byte
    inner += source[at:node.end_byte]
    for one, span, target in here:
        number = one["number"]
        condition = b"crate::mutated(%d)" % number
        begin, end = b"/*<%d*/" % number, b"/*%d>*/" % number
        replacement = one["replacement"].encode()
        if one["genre"] == "FnValue":
            inner = b"{ if %s { %s return %s; %s } %s" % (condition, begin, replacement, end, inner[1:])
        elif one["genre"] == "MatchArm":
            guard = target.children[-1] if b" if " in target.text and target.type == "match_pattern" else None
            head, _, rest = inner.partition(b" if ") if guard is not None else (inner, b"", b"")
            more = b" && (%s)" % rest if guard is not None else b""
            inner = b"%s if %s !%s%s %s" % (head, begin, condition, more, end)
        elif one["genre"] == "MatchArmGuard":
            head, _, rest = inner.partition(b" if ")
            inner = b"%s if %s (if %s { %s } else { %s }) %s" % (head, begin, condition, replacement, rest, end)
        else:
            if one["genre"] == "Sql":
                first, last = span[0] - target.start_byte, span[1] - target.start_byte
            else:
                first, last = span[0] - target.start_byte, span[1] - target.start_byte
            text = target.text
            mutated = text[:first] + replacement + text[last:]
            inner = b"(if %s { %s %s %s } else { %s })" % (condition, begin, mutated, end, inner)
    return inner
