"""Builds the mutated tree, and runs tests of it."""
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import time

from place import ROOT, TREE, WORK, fail, run
from syntax import parse
from writing import rewrite

# What the compiler refused, by the hash of the file.
REFUSED = WORK / "refused.json"


def environment(number=0):
    return dict(os.environ, CARGO_TARGET_DIR=str(WORK / "build"), MUTANT=str(number), INSTA_UPDATE="no",
                PROPTEST_RNG_SEED="20261123", PROPTEST_DISABLE_FAILURE_PERSISTENCE="true", LC_ALL="C.UTF-8")


def known_refusals(mutants):
    """What the compiler refused the last time, of sources that are still the same: nothing has to be built twice."""
    known = json.loads(REFUSED.read_text()) if REFUSED.exists() else {}
    for one in mutants:
        if one["name"] in known.get(of_source(one["file"]), []):
            one["state"] = "unviable"


def keep_refusals(mutants):
    refused = {}
    for one in mutants:
        if one["state"] == "unviable":
            refused.setdefault(of_source(one["file"]), []).append(one["name"])
    REFUSED.write_text(json.dumps(refused))


def of_source(file):
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()


def build(mutants):
    """Leaves out what the compiler refuses, until it refuses nothing."""
    for _ in range(12):
        errors = compile_errors("check", "--lib")
        if not errors:
            break
        refused = {number for error in errors for number in blamed(error)}
        if not refused:
            fail("\n".join(error["rendered"] for error in errors[:5]))
        for one in mutants:
            if one["number"] in refused:
                one["state"] = "unviable"
        for file in {one["file"] for one in mutants if one["number"] in refused}:
            of_file = [one for one in mutants if one["file"] == file]
            (TREE / file).write_bytes(rewrite((ROOT / file).read_bytes(), of_file))
        print(f"{len(refused)} refused by the compiler", flush=True)
    keep_refusals(mutants)
    ran = run("cargo", "test", "--locked", "--no-run", "--lib", "--test", "it", env=environment())
    if ran.returncode != 0:
        fail(ran.stderr)


def compile_errors(*command):
    ran = run("cargo", *command, "--locked", "--message-format", "json", env=environment())
    messages = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    errors = [one["message"] for one in messages if one.get("reason") == "compiler-message"]
    errors = [one for one in errors if one["level"] == "error" and one["spans"]]
    if ran.returncode != 0 and not errors:
        fail(ran.stderr)
    return errors


def blamed(error):
    for span in error["spans"]:
        text = (TREE / span["file_name"]).read_bytes()
        begins = {int(m[1]): m.end() for m in re.finditer(rb"/\*<(\d+)\*/", text)}
        ends = {int(m[1]): m.start() for m in re.finditer(rb"/\*(\d+)>\*/", text)}
        around = [n for n in begins if n in ends and begins[n] <= span["byte_start"] and span["byte_end"] <= ends[n]]
        if around:
            return [max(around, key=lambda n: begins[n])]
    # The compiler points at what a function returns, or at a whole `match`: what was made the value is to blame, or
    # whatever arm was made optional.
    exhaustive = (error["code"] or {}).get("code") == "E0004"
    kind, mark = ("match_expression", rb" if /\*<(\d+)\*/ !") if exhaustive else ("function_item", rb"/\*<(\d+)\*/ return ")
    for span in error["spans"]:
        text = (TREE / span["file_name"]).read_bytes()
        node = parse(text).root_node.descendant_for_byte_range(span["byte_start"], span["byte_end"])
        while node is not None and node.type != kind:
            node = node.parent
        if node is not None:
            return [int(number) for number in re.findall(mark, node.text)]
    return []


def binaries():
    ran = run("cargo", "test", "--locked", "--no-run", "--lib", "--test", "it", "--message-format", "json",
              env=environment())
    made = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    made = [one for one in made if one.get("executable") and one.get("profile", {}).get("test")]
    return {("lib" if "lib" in one["target"]["kind"] else "it"): one["executable"] for one in made}


def tests_pass(binary, filters, skipped, number, limit):
    """Whether they do, no longer tried than to the first that fails; `None` if they do not end in time."""
    skip = [word for name in skipped for word in ("--skip", name)]
    process = subprocess.Popen([binary, *filters, *skip], cwd=TREE, env=environment(number), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    late = threading.Timer(limit, kill, [process])
    late.start()
    failed = any(re.match(r"test .* (\.\.\. )?FAILED$", line) for line in process.stdout)
    if failed:
        kill(process)
    status = process.wait()
    expired = not failed and not late.is_alive()
    late.cancel()
    return None if expired else not failed and status == 0


def limit_of(key, binary, filters, skipped):
    """How long they may take with a mutant: much longer than without one, when they must pass."""
    begin = time.monotonic()
    if not tests_pass(binary, filters, skipped, 0, 900):
        fail(f"the tests fail without a mutant: {key}")
    took = time.monotonic() - begin
    print(f"{key}: {took:.1f} s", flush=True)
    return 30 + 5 * took


def kill(process):
    """Whatever it started, too."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
