"""The official Anthropic client for Python on messages, with a model of every kind of provider behind it."""

import anthropic
import pytest

from asks import PIXEL, QUESTION, RESULTS, SCHEMAS, SYSTEM, Verdict, check_arguments
from instance import KINDS, MODELS, ONCE, OPENAI_FAMILY
from sent import image

TOOLS = [{"name": name, "description": "Now.", "input_schema": schema} for name, schema in SCHEMAS.items()]
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 2_000}}


@pytest.fixture(scope="module")
def client(stack):
    return stack.anthropic()


def asked(model, **more):
    messages = [{"role": "user", "content": QUESTION}]
    return {"model": model, "max_tokens": 4_000, "system": SYSTEM, "messages": messages, **more}


def calls_of(message):
    return [block for block in message.content if block.type == "tool_use"]


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def answered(message):
    """The results as the provider must see them."""
    return [(call.name, result) for call, result in zip(calls_of(message), RESULTS, strict=True)]


def with_results(first):
    """The next turn, as every example writes it: the client's own blocks go back, then the results."""
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": result}
        for call, result in zip(calls_of(first), RESULTS, strict=True)
    ]
    turns = [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    return [{"role": "user", "content": QUESTION}, *turns]


def test_a_message_is_answered_with_the_usage_of_the_provider(client, stack, model):
    answer = client.messages.create(**asked(model, max_tokens=500, stop_sequences=["END"]))

    assert (answer.type, answer.role, answer.stop_reason) == ("message", "assistant", "end_turn")
    assert answer.id.startswith("msg_") and text_of(answer)
    stack.last().check_usage(all_input(answer.usage), answer.usage.output_tokens)
    sent = stack.last()
    assert (sent.system, sent.turns) == (SYSTEM, [("user", QUESTION)])
    assert (sent.sampling["max_tokens"], sent.sampling["stop"]) == (500, ["END"])


def all_input(usage):
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)


def test_a_stream_says_what_the_plain_answer_says(client, stack, model):
    plain = client.messages.create(**asked(model))
    with client.messages.stream(**asked(model)) as stream:
        told = "".join(stream.text_stream)
        final = stream.get_final_message()

    assert told == text_of(plain) == text_of(final)
    assert final.stop_reason == "end_turn"
    stack.last().check_usage(all_input(final.usage), final.usage.output_tokens)


def test_raw_events_follow_the_grammar(client, model):
    events = list(client.messages.create(**asked(model, tools=TOOLS), stream=True))
    types = [event.type for event in events]
    assert (types[0], types[-2:]) == ("message_start", ["message_delta", "message_stop"])
    open_block = None
    for event in events:
        if event.type == "content_block_start":
            assert open_block is None
            open_block = event.index
        elif event.type.startswith("content_block"):
            assert event.index == open_block
            open_block = None if event.type == "content_block_stop" else open_block
    assert open_block is None


def test_the_token_limit_is_kept_and_reported(client, model):
    answer = client.messages.create(**asked(model, max_tokens=12))
    assert (answer.stop_reason, answer.usage.output_tokens) == ("max_tokens", 12)


def test_a_tool_loop_brings_every_call_and_every_result_across(client, stack, model):
    first = client.messages.create(**asked(model, tools=TOOLS))
    calls = calls_of(first)
    assert first.stop_reason == "tool_use" and len(calls) == len(TOOLS) == len({call.id for call in calls})
    arguments = [check_arguments(call.name, call.input) for call in calls]
    assert stack.last().tools == SCHEMAS

    last = client.messages.create(**asked(model, tools=TOOLS, messages=with_results(first)))
    assert last.stop_reason == "end_turn" and text_of(last)
    sent = stack.last()
    assert sent.calls == [(call.name, read) for call, read in zip(calls, arguments, strict=True)]
    assert sent.results == answered(first)


def test_streamed_tool_calls_are_those_of_the_plain_answer(client, stack, model):
    plain = calls_of(client.messages.create(**asked(model, tools=TOOLS)))
    with client.messages.stream(**asked(model, tools=TOOLS)) as stream:
        final = stream.get_final_message()
    read = [(call.name, call.input) for call in calls_of(final)]
    assert final.stop_reason == "tool_use" and read == [(call.name, call.input) for call in plain]

    with client.messages.stream(**asked(model, tools=TOOLS, messages=with_results(final))) as stream:
        assert stream.get_final_text()
    assert (stack.last().calls, stack.last().results) == (read, answered(final))


def run_tools(client, model, **more):
    """Has the client's own runner go through a tool loop; gives what the tool was asked and the last message."""
    seen = []

    @anthropic.beta_tool
    def get_weather(city: str, unit: str) -> str:
        """The weather now."""
        seen.append((city, unit))
        return RESULTS[0]

    question = [{"role": "user", "content": QUESTION}]
    runner = client.beta.messages.tool_runner(
        model=model, max_tokens=4_000, tools=[get_weather], messages=question, **more
    )
    *_, last = [turn.get_final_message() if more.get("stream") else turn for turn in runner]
    return seen, last


@pytest.mark.parametrize("streamed", [False, True])
def test_the_clients_own_runner_goes_through_a_tool_loop(client, stack, model, streamed):
    seen, last = run_tools(client, model, stream=streamed, thread=False)
    assert seen and text_of(last)
    assert stack.last().results == [("get_weather", RESULTS[0])] * len(seen)


@pytest.mark.parametrize("model", [kind for kind in KINDS if kind != "anthropic"])
def test_the_clients_own_runner_keeps_its_history_itself_where_it_must(client, model):
    """It first asks the provider to keep the conversation, and goes on without when it is told that this cannot be."""
    seen, last = run_tools(client, model)
    assert seen and text_of(last)


def test_a_failed_tool_is_told_as_failed(client, stack, model):
    first = client.messages.create(**asked(model, tools=TOOLS, tool_choice={"type": "tool", "name": "get_time"}))
    (call,) = calls_of(first)
    assert call.name == "get_time"
    failed = {"type": "tool_result", "tool_use_id": call.id, "is_error": True}
    failed["content"] = [{"type": "text", "text": "no such zone"}]
    turns = [{"role": "assistant", "content": first.content}, {"role": "user", "content": [failed]}]
    messages = [{"role": "user", "content": QUESTION}, *turns]
    assert text_of(client.messages.create(**asked(model, tools=TOOLS, messages=messages)))
    (result,) = stack.last().summary["results"]
    assert result["tool"] == "get_time" and "no such zone" in result["text"]
    assert result["is_error"] or model != "anthropic"


def test_a_structured_answer_is_parsed(client, stack, model):
    answer = client.messages.parse(**asked(model), output_format=Verdict)
    assert isinstance(answer.parsed_output, Verdict)
    assert set(stack.last().format["schema"]["properties"]) == set(Verdict.model_fields)

    with client.messages.stream(**asked(model), output_format=Verdict) as stream:
        assert stream.get_final_message().parsed_output == answer.parsed_output


def test_a_picture_arrives_unchanged(client, stack, model):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "text", "text": QUESTION}, {"type": "image", "source": source}]
    assert text_of(client.messages.create(**asked(model, messages=[{"role": "user", "content": content}])))
    assert stack.last().images == [image("image/png", PIXEL)]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("thinker", ["openai", "anthropic", "anthropic.redacted", "gemini", "azure-openai"])
def test_thoughts_return_with_their_signature_to_their_origin(client, stack, thinker, streamed):
    first = think(client, thinker, streamed)
    thoughts = [block for block in first.content if block.type in ("thinking", "redacted_thinking")]
    assert thoughts and first.content[0] == thoughts[0]
    assert all(block.signature for block in thoughts if block.type == "thinking")

    last = client.messages.create(**asked(thinker, tools=TOOLS, messages=with_results(first), **THINKING))
    assert text_of(last) and stack.last().results == answered(first)
    assert stack.last().sealed_reasoning > 0


@pytest.mark.parametrize("streamed", [False, True])
def test_thoughts_that_nobody_signed_are_shown_and_may_go_back(client, stack, streamed):
    thinker = "openai-compatible.thinking"
    first = think(client, thinker, streamed)
    assert [block.thinking for block in first.content if block.type == "thinking"]

    last = client.messages.create(**asked(thinker, tools=TOOLS, messages=with_results(first), **THINKING))
    assert text_of(last) and stack.last().results == answered(first)


def think(client, model, streamed):
    if streamed:
        with client.messages.stream(**asked(model, tools=TOOLS, **THINKING)) as stream:
            return stream.get_final_message()
    return client.messages.create(**asked(model, tools=TOOLS, **THINKING))


@pytest.mark.parametrize(("first", "second"), [("anthropic", "gemini"), ("gemini", "openai"), ("openai", "anthropic")])
def test_thoughts_of_another_provider_stay_behind(client, stack, first, second):
    before = client.messages.create(**asked(first, tools=TOOLS, **THINKING))
    assert text_of(client.messages.create(**asked(second, tools=TOOLS, messages=with_results(before), **THINKING)))
    assert (stack.last().sealed_reasoning, stack.last().results) == (0, answered(before))


@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_cache_marks_work_where_they_mean_something(client, stack, model, ttl):
    system = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral", "ttl": ttl}}]
    raw = client.messages.with_raw_response.create(**asked(model, system=system))
    usage = raw.parse().usage
    stack.last().check_usage(all_input(usage), usage.output_tokens)
    assert usage.cache_read_input_tokens == stack.last().usage["cached"]
    if model == "anthropic":
        assert stack.last().cache_marks == [ttl]
        written = stack.last().usage["raw"]["cache_creation_input_tokens"]
        assert usage.cache_creation_input_tokens == written > 0
    else:
        assert "cache_control" in raw.headers["x-tallygate-dropped"].split(", ")


def test_tokens_are_counted_exactly_or_estimated_and_marked_so(client, stack, model):
    counted = {"model": model, "system": SYSTEM, "messages": asked(model)["messages"], "tools": TOOLS}
    before = len(stack.requests())
    raw = client.messages.with_raw_response.count_tokens(**counted)
    assert raw.parse().input_tokens > 0
    is_estimated = model in OPENAI_FAMILY
    assert raw.headers.get("x-tallygate-estimated") == ("true" if is_estimated else None)
    assert len(stack.requests()) == before + (0 if is_estimated else 1)


def test_a_key_may_come_as_a_bearer_token(stack):
    settings = {"default_headers": ONCE, "max_retries": 0}
    bearer = anthropic.Anthropic(base_url=stack.url, api_key=None, auth_token=stack.key, **settings)
    assert text_of(bearer.messages.create(**asked("gemini")))


def test_the_models_are_those_of_the_key(client, model):
    listed = [entry.id for entry in client.models.list()]
    assert listed == sorted(listed) and {model, *MODELS} <= set(listed)
    found = client.models.retrieve(model)
    assert (found.type, found.id) == ("model", model) and found.created_at


@pytest.mark.parametrize("model", [kind for kind in KINDS if kind != "anthropic"])
def test_what_a_provider_cannot_do_is_refused_by_name(client, stack, model):
    before = len(stack.requests())
    search = [{"type": "web_search_20250305", "name": "web_search"}]
    paper = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}}
    turn = [{"role": "user", "content": [paper]}]
    for field, more in [("tools[0]", {"tools": search}), ("messages[0].content[0]", {"messages": turn})]:
        with pytest.raises(anthropic.BadRequestError) as caught:
            client.messages.create(**asked(model, **more))
        assert caught.value.type == "invalid_request_error" and field in caught.value.message
    assert len(stack.requests()) == before
