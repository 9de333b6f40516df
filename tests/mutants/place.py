"""Where the mutated tree is, and what is called there."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "mutants"
TREE = WORK / "tree"


def run(*command, **more):
    return subprocess.run([str(word) for word in command], cwd=TREE, text=True, capture_output=True, **more)


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(2)
