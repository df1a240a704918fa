"""The official OpenAI client for Python on chat completions, with a model of every kind of provider behind it."""

import json
from decimal import Decimal

import openai
import pytest

from asks import PIXEL, QUESTION, RESULTS, SCHEMAS, SYSTEM, Verdict, Weather, check_arguments
from instance import KINDS, MODELS, PRICE
from sent import image, image_at

MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
TOOLS = [
    {"type": "function", "function": {"name": name, "description": "Now.", "parameters": schema}}
    for name, schema in SCHEMAS.items()
]


WEATHER = {"type": "function", "function": {"name": "Weather"}}


@pytest.fixture(scope="module")
def client(stack):
    return stack.openai()


def assembled(chunks):
    """What a careful client makes of a stream: text, calls by their index, the reason it ended."""
    text, calls, finish = "", {}, None
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for piece in choice.delta.tool_calls or []:
                call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                call["id"] += piece.id or ""
                call["name"] += piece.function.name or ""
                call["arguments"] += piece.function.arguments or ""
            finish = choice.finish_reason or finish
    assert list(calls) == list(range(len(calls)))
    return text, list(calls.values()), finish


def test_a_chat_is_answered_with_the_usage_of_the_provider(client, stack, model):
    answer = client.chat.completions.create(model=model, messages=MESSAGES, temperature=0.3)

    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    assert answer.choices[0].message.role == "assistant" and answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    stack.last().check_usage(answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_the_cost_header_is_the_providers_usage_times_the_price(client, stack, model):
    headers = client.chat.completions.with_raw_response.create(model=model, messages=MESSAGES).headers
    usage, (fresh, cached, output) = stack.last().usage, (Decimal(price) for price in PRICE)
    micro_dollars = (usage["prompt"] - usage["cached"]) * fresh + usage["cached"] * cached + usage["completion"] * output
    assert Decimal(headers["x-tallygate-cost"]) == micro_dollars / 10**6
    assert headers["x-tallygate-usage-source"] == "provider_final"


def test_the_conversation_reaches_the_provider_whole(client, stack, model):
    earlier = [{"role": "user", "content": "Zahl?"}, {"role": "assistant", "content": "½ of 84 is 42."}]
    messages = [{"role": "developer", "content": SYSTEM}, *earlier, MESSAGES[1]]
    client.chat.completions.create(model=model, messages=messages, max_completion_tokens=500, stop=["END"])

    sent = stack.last()
    assert sent.system == SYSTEM
    assert sent.turns == [("user", "Zahl?"), ("assistant", "½ of 84 is 42."), ("user", QUESTION)]
    assert (sent.sampling["max_tokens"], sent.sampling["stop"]) == (500, ["END"])


def test_a_stream_says_what_the_plain_answer_says(client, model):
    plain = client.chat.completions.create(model=model, messages=MESSAGES)
    text, calls, finish = assembled(client.chat.completions.create(model=model, messages=MESSAGES, stream=True))
    assert (text, calls, finish) == (plain.choices[0].message.content, [], "stop")


def test_a_stream_with_usage_ends_with_the_usage_chunk(client, stack, model):
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model=model, messages=MESSAGES, stream=True, stream_options=options)
    )

    assert chunks[-1].choices == []
    stack.last().check_usage(chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_a_stream_without_usage_shows_none_though_the_provider_reported_it(client, stack, model):
    chunks = list(client.chat.completions.create(model=model, messages=MESSAGES, stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert stack.last().usage["completion"] > 0


def test_the_token_limit_is_kept_and_reported(client, model):
    answer = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=12)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 12


def test_a_tool_loop_brings_every_call_and_every_result_across(client, stack, model):
    messages = list(MESSAGES)
    first = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
    calls = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls" and len(calls) == len(TOOLS)
    assert len({call.id for call in calls}) == len(calls)
    arguments = [check_arguments(call.function.name, call.function.arguments) for call in calls]
    assert stack.last().tools == SCHEMAS

    # As every example does: the client's own object goes back.
    messages.append(first.choices[0].message)
    for call, result in zip(calls, RESULTS, strict=True):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    names = [call.function.name for call in calls]
    last = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)

    assert last.choices[0].finish_reason == "stop" and last.choices[0].message.content
    sent = stack.last()
    assert sent.calls == list(zip(names, arguments, strict=True))
    assert sent.results == list(zip(names, RESULTS, strict=True))


def test_streamed_tool_calls_are_those_of_the_plain_answer(client, stack, model):
    plain = client.chat.completions.create(model=model, messages=MESSAGES, tools=TOOLS).choices[0].message.tool_calls
    _, calls, finish = assembled(
        client.chat.completions.create(model=model, messages=MESSAGES, tools=TOOLS, stream=True)
    )

    assert finish == "tool_calls" and all(call["id"] for call in calls)
    read = [(call["name"], check_arguments(call["name"], call["arguments"])) for call in calls]
    assert read == [(call.function.name, json.loads(call.function.arguments)) for call in plain]

    back = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls
    ]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": result}
        for call, result in zip(calls, RESULTS, strict=True)
    ]
    messages = [*MESSAGES, {"role": "assistant", "content": None, "tool_calls": back}, *results]
    text, _, finish = assembled(client.chat.completions.create(model=model, messages=messages, tools=TOOLS, stream=True))
    assert finish == "stop" and text
    assert stack.last().calls == read
    assert stack.last().results == [(call["name"], result) for call, result in zip(calls, RESULTS, strict=True)]


def test_the_clients_own_stream_reader_finds_every_call(client, model):
    with client.chat.completions.stream(model=model, messages=MESSAGES, tools=TOOLS) as stream:
        told = [event.name for event in stream if event.type == "tool_calls.function.arguments.done"]
        final = stream.get_final_completion()
    assert told == [call.function.name for call in final.choices[0].message.tool_calls]
    assert len(told) == len(TOOLS)


def test_the_choice_of_tool_is_the_clients(client, model):
    named = {"type": "function", "function": {"name": "get_time"}}
    answer = client.chat.completions.create(model=model, messages=MESSAGES, tools=TOOLS, tool_choice=named)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_time"]

    answer = client.chat.completions.create(model=model, messages=MESSAGES, tools=TOOLS, tool_choice="none")
    assert answer.choices[0].message.tool_calls is None and answer.choices[0].message.content


def test_one_call_at_a_time_is_kept_or_named_as_left_out(client, stack, model):
    asked = {"model": model, "messages": MESSAGES, "tools": TOOLS, "parallel_tool_calls": False}
    raw = client.chat.completions.with_raw_response.create(**asked)
    calls = raw.parse().choices[0].message.tool_calls
    if model == "gemini":  # which has no such switch
        assert raw.headers["x-tallygate-dropped"] == "parallel_tool_calls"
    else:
        assert len(calls) == 1 and not stack.last().summary["is_parallel"]


@pytest.mark.parametrize("model", [kind for kind in KINDS if kind != "anthropic"])
def test_several_answers_are_several_choices(client, model):
    answer = client.chat.completions.create(model=model, messages=MESSAGES, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].message.content != answer.choices[1].message.content


# The client warns of what it puts into its own message.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_structured_answer_is_parsed(client, stack, model):
    answer = client.chat.completions.parse(model=model, messages=MESSAGES, response_format=Verdict)
    assert isinstance(answer.choices[0].message.parsed, Verdict)
    assert set(stack.last().format["schema"]["properties"]) == set(Verdict.model_fields)

    with client.chat.completions.stream(model=model, messages=MESSAGES, response_format=Verdict) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == answer.choices[0].message.parsed

    messages = [*MESSAGES, answer.choices[0].message, {"role": "user", "content": "Are you sure?"}]
    assert client.chat.completions.parse(model=model, messages=messages, response_format=Verdict).choices[0].message.parsed
    assert stack.last().turns[-2:] == [("assistant", answer.choices[0].message.content), ("user", "Are you sure?")]


def test_tool_arguments_are_parsed_and_the_parsed_message_may_go_back(client, stack, model):
    messages, tools = list(MESSAGES), [openai.pydantic_function_tool(Weather)]
    asked = {"model": model, "tools": tools, "tool_choice": WEATHER}
    answer = client.chat.completions.parse(messages=messages, **asked)
    (call,) = answer.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, Weather)

    messages += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": RESULTS[0]}]
    answer = client.chat.completions.parse(messages=messages, **asked)
    assert answer.choices[0].message.content and stack.last().results == [("Weather", RESULTS[0])]


def test_a_picture_arrives_unchanged(client, stack, model):
    url = {"url": f"data:image/png;base64,{PIXEL}"}
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": url}]
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content
    assert stack.last().images == [image("image/png", PIXEL)]


def test_a_picture_by_address_arrives(client, stack, model):
    address = "https://example.com/red.png"
    picture = {"type": "image_url", "image_url": {"url": address}}
    messages = [{"role": "user", "content": [{"type": "text", "text": QUESTION}, picture]}]
    assert client.chat.completions.create(model=model, messages=messages).choices[0].message.content
    assert image_at(address) in (*stack.last().images, *stack.last().files)


def test_reasoning_is_counted_and_returns_to_its_origin(client, stack, model):
    asked = {"model": model, "tools": TOOLS, "reasoning_effort": "medium"}
    first = client.chat.completions.create(messages=MESSAGES, **asked)
    if model != "anthropic":  # whose usage does not tell thoughts from text
        assert first.usage.completion_tokens_details.reasoning_tokens > 0
    calls = first.choices[0].message.tool_calls
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": text} for call, text in zip(calls, RESULTS, strict=True)
    ]
    # Clients that know more than OpenAI's fields send the message back as it came.
    client.chat.completions.create(messages=[*MESSAGES, first.choices[0].message, *results], **asked)
    assert [text for _, text in stack.last().results] == list(RESULTS)
    if model in ("anthropic", "gemini"):
        assert stack.last().sealed_reasoning, "signed reasoning came back to the provider that signed it"


def test_the_models_are_those_of_the_key(client, model):
    listed = [entry.id for entry in client.models.list()]
    assert listed == sorted(listed) and {model, *MODELS} <= set(listed)
    assert client.models.retrieve(model).id == model
