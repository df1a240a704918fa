"""The code that a cell of the playground offers to copy (PG-13): each piece is run as it is and sends what the cell sent."""

import os
import subprocess
import sys
import time

import pytest
import requests

TEAM = "payments"
PROMPT = "It's 100 % $HOME `id` \\ \"quoted\"\nJSON\nsecond line é"
GRID = {
    "prompt": {
        "system": "Answer in one word.",
        "turns": [{"text": PROMPT}],
    },
    "settings": {"temperature": "0.30", "stop": ["END"], "seed": 7, "extra": '{"top_k": 3}'},
    "variants": [{"model": "alpha"}],
    "cases": [{}],
    "samples": 1,
}


class Dashboard:
    """A signed-in browser without a screen."""

    def __init__(self, url):
        self.url = url
        self.http = requests.Session()
        self.http.headers.update({"Origin": url, "Sec-Fetch-Site": "same-origin"})
        form = {"email": "ada@example.com", "password": "correct horse battery staple 7"}
        answer = self.http.post(f"{url}/sign-in", data=form, allow_redirects=False, timeout=30)
        assert answer.status_code == 303, answer.text

    def ask(self, operation, **arguments):
        answer = self.http.post(f"{self.url}/ui/{operation}", json=arguments, timeout=30)
        assert answer.status_code == 200, f"{operation}: {answer.status_code} {answer.text}"
        return answer.json()

    def finished(self, run):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            view = self.ask("runs/get", team=TEAM, run=run)
            if view["finished"]:
                return view
            time.sleep(0.05)
        raise AssertionError("the run does not end")


@pytest.fixture(scope="module")
def cell(stack):
    """What the provider saw of a cell, and the code that the cell offers."""
    dashboard = Dashboard(stack.url)
    before = len(stack.requests())
    run = dashboard.ask("runs/start", input={"team": TEAM, "grid": GRID})
    view = dashboard.finished(run)
    assert [sample["state"] for cell in view["cells"] for sample in cell["samples"]] == ["done"], view
    exact = dashboard.ask("runs/exact", team=TEAM, run=run, cell=view["cells"][0]["id"], sample=0)
    assert len(stack.requests()) == before + 1
    return stack.last().summary, {snippet["label"]: snippet["code"] for snippet in exact["snippets"]}


def program(label, code, folder):
    if label == "curl":
        return ["bash", "-c", code]
    if label == "Python":
        return [sys.executable, "-c", code]
    # Beside the library's folder, where an import finds it. Nothing in the code but one cast is TypeScript's own.
    file = folder / "snippet.mjs"
    file.write_text(code.replace(" as OpenAI.ChatCompletionCreateParamsStreaming", ""), encoding="utf-8")
    return ["node", str(file)]


@pytest.mark.parametrize("label", ["curl", "Python", "TypeScript"])
def test_the_copied_code_sends_what_the_cell_sent(stack, cell, label, tmp_path):
    summary, snippets = cell
    modules = os.path.join(os.path.dirname(__file__), "node", "node_modules")
    os.symlink(modules, tmp_path / "node_modules")
    before = len(stack.requests())
    environment = {"PATH": os.environ["PATH"], "TALLYGATE_KEY": stack.key}
    command = program(label, snippets[label], tmp_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{snippets[label]}"
    assert done.stdout.strip(), "it prints the answer"
    assert len(stack.requests()) == before + 1
    assert stack.last().summary == summary


def test_the_rust_code_holds_the_same_body(cell):
    _, snippets = cell
    assert "serde_json::json!({" in snippets["Rust"]
    assert '.bearer_auth(std::env::var("TALLYGATE_KEY")?)' in snippets["Rust"]
