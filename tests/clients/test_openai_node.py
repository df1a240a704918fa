"""The official OpenAI client for Node: its own test files, run by Node against the same gateway."""

import os
import pathlib
import re
import subprocess

import pytest

from instance import KINDS

FOLDER = pathlib.Path(__file__).parent / "node"
FILES = sorted(path.name for path in FOLDER.glob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES)
def test_node(stack, file):
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY_URL": stack.url,
        "GATEWAY_KEY": stack.key,
        "JOURNAL": str(stack.journal.path),
        "MODELS": " ".join(KINDS),
    }
    command = ["node", "--test", "--test-reporter=spec", file]
    done = subprocess.run(
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    # The reporter repeats what failed at its end.
    failures = done.stdout[max(done.stdout.find("failing tests:"), 0) :]
    assert done.returncode == 0, f"{failures}\n{done.stderr}"
    passed = re.search(r"^ℹ pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed and int(passed.group(1)) >= len(KINDS), done.stdout
