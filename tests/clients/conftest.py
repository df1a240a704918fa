"""One running Tallygate in front of one fake provider, for every test in this folder.

Both are the real binaries, named by TALLYGATE_BIN and FAKE_UPSTREAM_BIN; the database is the embedded one in a folder
that goes away afterwards. The instance is described by a bundle, the way operators and GitOps describe theirs.
Nothing here may reach beyond loopback. One more client: one more test file and its line in requirements.txt.
"""

import dataclasses
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time

import pytest

MODELS = ("alpha", "beta", "gamma")
PRICES = {  # USD per million tokens: input, cache_read, output
    "alpha": ("2.50", "1.25", "10.00"),
    "beta": ("0.0375", "0.01", "0.15"),
    "gamma": ("3.00", "0.30", "15.00"),
}
KEY_FORM = re.compile(r"tg_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}")
ADDRESS_LINE = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
START_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Stack:
    """What a client needs to know, and the oracle to check it with."""

    url: str
    key: str
    journal: pathlib.Path

    def requests(self):
        """The fake provider's journal: one dict per accepted request, in order."""
        found = {}
        for line in self.journal.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["event"] == "accepted":
                found[entry["seq"]] = dict(entry, usage=None)
            elif entry["event"] == "usage":
                found[entry["seq"]]["usage"] = entry["reported"]
        return list(found.values())


def binary(name, package):
    path = os.environ.get(name)
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"{name} must name the built program: cargo build -p {package}", returncode=2)
    return path


class Program:
    """A child process whose output is read all the time, so that it can neither block nor be lost."""

    def __init__(self, arguments, environment):
        self.lines = queue.Queue()
        self.seen = []
        self.process = subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def address(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise RuntimeError("the program printed no address:\n" + "".join(self.seen))
            self.seen.append(line)
            if found := ADDRESS_LINE.search(line):
                return found.group(1)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def run(arguments, environment):
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[1:]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def bundle(upstream):
    models = "".join(
        f"""
[[models]]
slug = "{slug}"
provider = "local"
upstream_model = "fake-{slug}"
context_window = 128000
max_output = 16384
price = {{ input = "{PRICES[slug][0]}", cache_read = "{PRICES[slug][1]}", output = "{PRICES[slug][2]}" }}
"""
        for slug in MODELS
    )
    return f"""
[instance]
name = "Client tests"
allow_private = ["{upstream.removeprefix('http://')}"]

[[users]]
email = "ada@example.com"
name = "Ada"
role = "owner"
password_env = "ADA_PASSWORD"

[[teams]]
slug = "payments"
name = "Payments"
members = [{{ email = "ada@example.com", role = "admin" }}]

[[providers]]
slug = "local"
kind = "openai-compatible"
base_url = "{upstream}/v1"
credential_env = "LOCAL_KEY"
{models}
[[keys]]
name = "clients"
team = "payments"
secret_env = "CLIENT_KEY"
models = "all"
"""


@pytest.fixture(scope="session")
def stack():
    tallygate = binary("TALLYGATE_BIN", "server")
    fake_upstream = binary("FAKE_UPSTREAM_BIN", "tests")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tg-clients-"))
    # The embedded database gives root's rights up, and its user must be able to walk through this folder.
    folder.chmod(0o755)
    programs = []
    try:
        yield start(tallygate, fake_upstream, folder, programs)
    finally:
        for program in reversed(programs):
            program.stop()
        shutil.rmtree(folder)


def start(tallygate, fake_upstream, folder, programs):
    journal = folder / "journal.jsonl"
    provider_secret = "sk-upstream-for-client-tests"
    words = ["--listen", "127.0.0.1:0", "--journal", str(journal), "--api-key", provider_secret]
    programs.append(Program([fake_upstream, *words], {"PATH": os.environ["PATH"]}))
    upstream = programs[-1].address()

    # Browser files that hold nothing: these clients never ask for a page.
    site = folder / "site"
    site.mkdir()
    (site / "site.json").write_text('{"hash": "none"}', encoding="utf-8")

    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(folder / "data"),
        "SITE_DIR": str(site),
        "LISTEN": "127.0.0.1:0",
        "ADA_PASSWORD": "correct horse battery staple 7",
        "LOCAL_KEY": provider_secret,
    }
    environment["CLIENT_KEY"] = KEY_FORM.search(run([tallygate, "admin", "new-key"], environment)).group(0)
    described = folder / "bundle.toml"
    described.write_text(bundle(upstream), encoding="utf-8")
    run([tallygate, "apply", str(described)], environment)

    programs.append(Program([tallygate, "serve"], environment))
    return Stack(programs[-1].address(), environment["CLIENT_KEY"], journal)
