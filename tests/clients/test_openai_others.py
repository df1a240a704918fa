"""The official OpenAI client for Python on embeddings and on the legacy completions that editors use."""

import json

import pytest

from instance import KINDS, OPENAI_FAMILY

INPUTS = ["fn main() {}", "größe 日本語 🦀"]
EMBEDDERS = [kind for kind in KINDS if kind != "anthropic"]


@pytest.fixture(scope="module")
def client(stack):
    return stack.openai()


@pytest.mark.parametrize("model", EMBEDDERS)
def test_vectors_are_the_same_as_numbers_and_as_base64(client, model):
    # Left to itself the client asks for base64 and decodes it.
    encoded = client.embeddings.create(model=model, input=INPUTS)
    numbers = client.embeddings.create(model=model, input=INPUTS, encoding_format="float")

    assert [entry.index for entry in numbers.data] == [0, 1]
    assert numbers.data[0].embedding != numbers.data[1].embedding
    for one, other in zip(encoded.data, numbers.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, rel=1e-6)


@pytest.mark.parametrize("model", EMBEDDERS)
def test_the_dimensions_and_the_usage_are_those_of_the_provider(client, stack, model):
    answer = client.embeddings.create(model=model, input=INPUTS, dimensions=8, encoding_format="float")
    assert [len(entry.embedding) for entry in answer.data] == [8, 8]
    assert answer.usage.prompt_tokens > 0
    if model != "gemini":  # which reports no usage here, so it is estimated
        assert answer.usage.prompt_tokens == stack.last().usage["prompt"]


@pytest.mark.parametrize("model", OPENAI_FAMILY)
def test_an_editor_fills_a_gap(client, stack, model):
    asked = {"model": model, "prompt": "fn größe() {", "suffix": "}", "max_tokens": 20}
    plain = client.completions.create(**asked)
    assert plain.object == "text_completion" and plain.choices[0].text
    stack.last().check_usage(plain.usage.prompt_tokens, plain.usage.completion_tokens)

    chunks = list(client.completions.create(**asked, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == plain.choices[0].text
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("model", [kind for kind in KINDS if kind != "anthropic"])
def test_json_mode_answers_an_object(client, stack, model):
    messages = [{"role": "user", "content": "Answer as JSON."}]
    answer = client.chat.completions.create(model=model, messages=messages, response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content), dict)
    assert stack.last().format == {"kind": "json_object"}
