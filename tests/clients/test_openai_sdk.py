"""The official OpenAI Python SDK: only base URL and key are ours."""

import openai
import pytest

from conftest import MODELS

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a slab allocator?"}]


@pytest.fixture
def client(stack):
    # No retries: an error must arrive as what it is, the first time.
    return openai.OpenAI(base_url=f"{stack.url}/v1", api_key=stack.key, max_retries=0, timeout=60)


def streamed(client, **extra):
    return list(client.chat.completions.create(model="alpha", messages=MESSAGES, stream=True, **extra))


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_chat_is_answered(client, stack):
    answer = client.chat.completions.create(model="alpha", messages=MESSAGES, temperature=0.3)

    assert answer.id.startswith("chatcmpl-")
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    usage = stack.requests()[-1]["usage"]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (usage["prompt"], usage["completion"])
    assert answer.usage.prompt_tokens_details.cached_tokens == usage["cached"]


def test_a_stream_with_usage_ends_with_the_usage_chunk(client, stack):
    chunks = streamed(client, stream_options={"include_usage": True})

    assert chunks[-1].choices == []
    usage = stack.requests()[-1]["usage"]
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (usage["prompt"], usage["completion"])
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_a_stream_without_usage_shows_none_though_the_provider_reported_it(client, stack):
    chunks = streamed(client)

    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert stack.requests()[-1]["usage"]["completion"] > 0


def test_a_stream_says_what_the_plain_answer_says(client):
    plain = client.chat.completions.create(model="alpha", messages=MESSAGES)
    assert text(streamed(client)) == plain.choices[0].message.content


def test_the_token_limit_is_kept_and_reported(client):
    answer = client.chat.completions.create(model="alpha", messages=MESSAGES, max_tokens=12)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 12


def test_the_models_are_those_of_the_key(client):
    assert sorted(model.id for model in client.models.list()) == sorted(MODELS)


def test_a_bad_key_is_an_authentication_error(stack):
    stranger = openai.OpenAI(base_url=f"{stack.url}/v1", api_key="sk-not-a-key", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        stranger.chat.completions.create(model="alpha", messages=MESSAGES)
    assert caught.value.code == "invalid_api_key"
    assert "sk-not-a-key" not in str(caught.value)


def test_an_unknown_model_is_a_not_found_error(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="no-such-model", messages=MESSAGES)
    assert caught.value.code == "model_not_found"


def test_a_malformed_body_is_a_bad_request_error(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="alpha", messages=MESSAGES, extra_body={"messages": "not a list"})
    assert caught.value.type == "invalid_request_error"
