"""What reached the fake upstream: its journal, with the vendor's wire taken away."""

import base64
import dataclasses
import hashlib
import json


@dataclasses.dataclass(frozen=True)
class Sent:
    """One request, as a provider understood it."""

    entry: dict

    @property
    def summary(self):
        assert self.entry["summary"] is not None, f"the provider refused it: {self.entry}"
        return self.entry["summary"]

    @property
    def usage(self):
        """`prompt` includes `cached`, `completion` includes `reasoning`."""
        return self.entry["usage"]

    def check_usage(self, prompt, completion):
        """The client saw the tokens that the provider reported."""
        assert (prompt, completion) == (self.usage["prompt"], self.usage["completion"])

    @property
    def system(self):
        return self.summary.get("system", "")

    @property
    def turns(self):
        """Visible text, turn by turn; tool results are not among them."""
        said = [(turn["role"], turn["text"]) for turn in self.summary.get("messages", [])]
        return [turn for turn in said if turn[1]]

    @property
    def tools(self):
        return {tool["name"]: tool["schema"] for tool in self.summary.get("tools", [])}

    @property
    def calls(self):
        """Calls of earlier turns that came back."""
        return [(call["name"], call["arguments"]) for call in self.summary.get("calls", [])]

    @property
    def results(self):
        """Results of tools: which tool, what it said."""
        return [(result["tool"], result["text"]) for result in self.summary.get("results", [])]

    @property
    def images(self):
        return [(image["media_type"], image["sha256"]) for image in self.summary.get("images", [])]

    @property
    def files(self):
        """Files by their address; the pictures of a wire that has one word for both."""
        return [image_at(file.removeprefix("file ")) for file in self.summary.get("files", [])]

    @property
    def cache_marks(self):
        return self.summary.get("cache_markers", [])

    @property
    def sealed_reasoning(self):
        """How many blocks of reasoning came back with a seal that holds."""
        return self.summary["sealed_reasoning"]

    @property
    def format(self):
        return self.summary.get("format")

    @property
    def sampling(self):
        return self.summary.get("sampling", {})


class Journal:
    """All requests in order, each with the usage that was reported for it. Reads on from where it stopped."""

    def __init__(self, path):
        self.path = path
        self.read_to = 0
        self.found = {}

    def requests(self):
        with self.path.open("rb") as file:
            file.seek(self.read_to)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self.read_to += len(whole)
        for line in whole.splitlines():
            self.note(json.loads(line))
        return [Sent(entry) for entry in self.found.values()]

    def note(self, entry):
        if entry["event"] == "accepted":
            self.found[entry["seq"]] = dict(entry, usage=None)
        elif entry["event"] == "usage":
            self.found[entry["seq"]]["usage"] = (entry["reported"] or {}) | {"raw": entry["raw"]}


def image(media_type, data):
    """How the journal names an image."""
    return media_type, hashlib.sha256(base64.b64decode(data)).hexdigest()


def image_at(address):
    """How it names one that it only has the address of."""
    return "", hashlib.sha256(address.encode()).hexdigest()
