"""One running Tallygate in front of one fake upstream of every kind, for every test in this folder.

Both are the real binaries, named by TALLYGATE_BIN and FAKE_UPSTREAM_BIN; the database is the embedded one in a folder
that goes away afterwards. The instance is described by a bundle, the way operators and GitOps describe theirs.
Nothing here may reach beyond loopback. One more client: one more test file and its line in requirements.txt.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import tempfile

import anthropic
import openai
import pytest

import instance
import sent
from programs import Program, binary, run

KEY_FORM = re.compile(r"tg_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}")


@dataclasses.dataclass(frozen=True)
class Stack:
    """What a client needs to know, and the oracle to check it with."""

    url: str
    key: str
    journal: sent.Journal

    def requests(self):
        return self.journal.requests()

    def last(self):
        return self.requests()[-1]

    def openai(self, key=None, **options):
        settings = {"max_retries": 0, "timeout": 60, "default_headers": instance.ONCE} | options
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key or self.key, **settings)

    def anthropic(self, key=None, **options):
        settings = {"max_retries": 0, "timeout": 60, "default_headers": instance.ONCE} | options
        return anthropic.Anthropic(base_url=self.url, api_key=key or self.key, **settings)


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


@pytest.fixture(params=instance.KINDS)
def model(request):
    """One model of every kind of provider."""
    return request.param


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
        "PROVIDER_KEY": provider_secret,
    }
    environment["CLIENT_KEY"] = KEY_FORM.search(run([tallygate, "admin", "new-key"], environment)).group(0)
    described = folder / "bundle.toml"
    described.write_text(instance.bundle(upstream), encoding="utf-8")
    run([tallygate, "apply", str(described)], environment)

    programs.append(Program([tallygate, "serve"], environment))
    return Stack(programs[-1].address(), environment["CLIENT_KEY"], sent.Journal(journal))
