"""What the official OpenAI client for Python raises: every failure is the class that programs catch."""

import openai
import pytest

from asks import QUESTION
from instance import KINDS, OPENAI_FAMILY

MESSAGES = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def client(stack):
    return stack.openai()


def chat(client, model, **more):
    return client.chat.completions.create(model=model, messages=MESSAGES, **more)


def respond(client, model, **more):
    return client.responses.create(model=model, input=QUESTION, **more)


def collect(stream, came):
    for piece in stream:
        came.append(piece)


ASK = pytest.mark.parametrize("ask", [chat, respond])


@ASK
def test_a_bad_key_is_an_authentication_error(stack, ask):
    before = len(stack.requests())
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(stack.openai(key="sk-not-a-key"), KINDS[0])
    assert caught.value.code == "invalid_api_key"
    assert "sk-not-a-key" not in str(caught.value)
    assert len(stack.requests()) == before


@ASK
def test_an_unknown_model_is_a_not_found_error(client, ask):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "no-such-model")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_a_malformed_body_is_a_bad_request_error_that_names_the_field(client, stack, model):
    before = len(stack.requests())
    for param, body in [("messages", {"messages": "not a list"}), ("messages", {"messages": []}), ("stream", {"stream": "yes"})]:
        with pytest.raises(openai.BadRequestError) as caught:
            chat(client, model, extra_body=body)
        assert (caught.value.type, caught.value.param) == ("invalid_request_error", param)
        assert caught.value.request_id.startswith("req_")
    assert len(stack.requests()) == before, "nothing was sent to the provider"


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("anthropic", "n", 2),
        ("anthropic", "response_format", {"type": "json_object"}),
        ("anthropic", "logprobs", True),
        ("gemini", "audio", {"voice": "alloy", "format": "wav"}),
    ],
)
def test_what_a_provider_cannot_do_is_refused_by_name(client, stack, model, field, value):
    before = len(stack.requests())
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, model, **{field: value})
    assert caught.value.param == field
    assert len(stack.requests()) == before


@ASK
def test_a_rate_limit_says_when_to_come_back(client, model, ask):
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, f"{model}.limited")
    assert int(caught.value.response.headers["retry-after"]) == 77


@ASK
@pytest.mark.parametrize("fault", ["failing", "overloaded"])
def test_a_failing_provider_is_an_internal_server_error(client, model, ask, fault):
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, f"{model}.{fault}")
    assert caught.value.status_code >= 500 and caught.value.type == "server_error"
    assert caught.value.request_id.startswith("req_")


def test_a_deadline_is_an_internal_server_error(client, model):
    with pytest.raises(openai.InternalServerError) as caught:
        chat(client, f"{model}.hanging", extra_headers={"x-tallygate-deadline-ms": "200"})
    assert (caught.value.status_code, caught.value.code) == (504, "deadline_exceeded")


def test_a_client_that_waits_no_longer_gets_its_own_timeout(client, model):
    with pytest.raises(openai.APITimeoutError):
        chat(client.with_options(timeout=0.3), f"{model}.hanging", stream=True)


@pytest.mark.parametrize("fault", ["breaking", "cut"])
def test_a_chat_stream_that_breaks_raises_after_what_came(client, model, fault):
    came = []
    with pytest.raises(openai.APIError) as caught:
        collect(chat(client, f"{model}.{fault}", stream=True), came)
    assert not isinstance(caught.value, openai.APIConnectionError), "the break is told, not just felt"
    assert caught.value.message and any(chunk.choices and chunk.choices[0].delta.content for chunk in came)
    assert not any(chunk.choices and chunk.choices[0].finish_reason for chunk in came)


@pytest.mark.parametrize("fault", ["breaking", "cut"])
def test_a_response_stream_that_breaks_tells_it_after_what_came(client, model, fault):
    came, stream = [], respond(client, f"{model}.{fault}", stream=True)
    if fault == "breaking" and model in ("openai", "azure-openai"):
        # The provider's own event passes as it is, and the client hands it out as an event of the stream.
        collect(stream, came)
        assert came[-1].type == "error"
    else:
        with pytest.raises(openai.APIError) as caught:
            collect(stream, came)
        assert not isinstance(caught.value, openai.APIConnectionError), "the break is told, not just felt"
    types = [event.type for event in came]
    assert "response.output_text.delta" in types and "response.completed" not in types


@pytest.mark.parametrize("model", [kind for kind in KINDS if kind not in OPENAI_FAMILY])
def test_operations_that_a_provider_lacks_are_refused_by_name(client, stack, model):
    before = len(stack.requests())
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=model, prompt="fn main() {")
    assert caught.value.param in ("model", "prompt")
    if model == "anthropic":
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model=model, input="text")
        assert caught.value.param in ("model", "input")
    assert len(stack.requests()) == before
