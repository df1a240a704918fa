"""What the official Anthropic client for Python raises: every failure is the class that programs catch."""

import anthropic
import pytest

from asks import QUESTION
from instance import KINDS


@pytest.fixture(scope="module")
def client(stack):
    return stack.anthropic()


def asked(model, **more):
    return {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": QUESTION}], **more}


def test_a_bad_key_is_an_authentication_error(stack):
    with pytest.raises(anthropic.AuthenticationError) as caught:
        stack.anthropic(key="sk-ant-not-a-key").messages.create(**asked(KINDS[0]))
    assert caught.value.type == "authentication_error"
    assert "sk-ant-not-a-key" not in str(caught.value)


def test_an_unknown_model_is_a_not_found_error(client):
    for ask in (client.messages.create, client.messages.stream, client.messages.count_tokens):
        with pytest.raises(anthropic.NotFoundError) as caught:
            body = asked("no-such-model")
            if ask == client.messages.count_tokens:
                ask(model=body["model"], messages=body["messages"])
            elif ask == client.messages.stream:
                ask(**body).__enter__()
            else:
                ask(**body)
        assert caught.value.type == "not_found_error"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("no-such-model")


def test_a_malformed_body_is_a_bad_request_error_that_names_the_field(client, stack, model):
    before = len(stack.requests())
    for field, body in [("messages", {"messages": []}), ("max_tokens", {"max_tokens": "many"})]:
        with pytest.raises(anthropic.BadRequestError) as caught:
            client.messages.create(**asked(model), extra_body=body)
        assert caught.value.type == "invalid_request_error" and field in caught.value.message
        assert caught.value.request_id.startswith("req_")
    assert len(stack.requests()) == before, "nothing was sent to the provider"


def test_a_rate_limit_says_when_to_come_back(client, model):
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(**asked(f"{model}.limited"))
    assert caught.value.type == "rate_limit_error"
    assert int(caught.value.response.headers["retry-after"]) == 77


@pytest.mark.parametrize("fault", ["failing", "overloaded"])
def test_a_failing_provider_is_an_internal_server_error(client, model, fault):
    with pytest.raises(anthropic.InternalServerError) as caught:
        client.messages.create(**asked(f"{model}.{fault}"))
    assert caught.value.status_code >= 500 and caught.value.type in ("api_error", "overloaded_error")


def test_a_deadline_is_a_timeout_of_the_gateway(client, model):
    with pytest.raises(anthropic.InternalServerError) as caught:
        client.messages.create(**asked(f"{model}.hanging"), extra_headers={"x-tallygate-deadline-ms": "200"})
    assert (caught.value.status_code, caught.value.type) == (504, "timeout_error")


def test_a_client_that_waits_no_longer_gets_its_own_timeout(client, model):
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=0.3).messages.create(**asked(f"{model}.hanging"), stream=True)


@pytest.mark.parametrize("fault", ["breaking", "cut"])
def test_a_stream_that_breaks_raises_after_what_came(client, model, fault):
    came = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        for event in client.messages.create(**asked(f"{model}.{fault}"), stream=True):
            came.append(event.type)
    assert caught.value.type in ("api_error", "overloaded_error")
    assert "content_block_delta" in came and "message_stop" not in came
