"""The official OpenAI client for Python on responses, with a model of every kind of provider behind it."""

import json

import openai
import pytest

from asks import PIXEL, QUESTION, RESULTS, SCHEMAS, SYSTEM, Verdict, Weather, check_arguments
from instance import KINDS
from sent import image

TOOLS = [
    {"type": "function", "name": name, "description": "Now.", "parameters": schema, "strict": False}
    for name, schema in SCHEMAS.items()
]


@pytest.fixture(scope="module")
def client(stack):
    return stack.openai()


def ask(client, model, **more):
    return client.responses.create(**{"model": model, "instructions": SYSTEM, "input": QUESTION, "store": False, **more})


def calls_of(answer):
    return [item for item in answer.output if item.type == "function_call"]


def answered(calls):
    """The results as the provider must see them."""
    return [(call.name, result) for call, result in zip(calls, RESULTS, strict=True)]


def results_of(calls):
    return [
        {"type": "function_call_output", "call_id": call.call_id, "output": result}
        for call, result in zip(calls, RESULTS, strict=True)
    ]


def test_a_response_is_complete_and_has_the_usage_of_the_provider(client, stack, model):
    answer = ask(client, model, max_output_tokens=500)

    assert answer.object == "response" and answer.id.startswith("resp_")
    assert answer.status == "completed" and answer.output_text
    stack.last().check_usage(answer.usage.input_tokens, answer.usage.output_tokens)
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    sent = stack.last()
    assert (sent.system, sent.turns, sent.sampling["max_tokens"]) == (SYSTEM, [("user", QUESTION)], 500)


def test_a_stream_tells_one_response_from_its_creation_to_its_end(client, stack, model):
    plain = ask(client, model)
    events = list(ask(client, model, stream=True))

    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    told = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert told == events[-1].response.output_text == plain.output_text
    usage = events[-1].response.usage
    stack.last().check_usage(usage.input_tokens, usage.output_tokens)


def test_a_limit_makes_an_incomplete_response(client, model):
    answer = ask(client, model, max_output_tokens=16)
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert answer.usage.output_tokens == 16
    assert [event.type for event in ask(client, model, max_output_tokens=16, stream=True)][-1] == "response.incomplete"


def test_a_tool_loop_brings_every_call_and_every_result_across(client, stack, model):
    conversation = [{"role": "user", "content": QUESTION}]
    first = ask(client, model, input=conversation, tools=TOOLS)
    calls = calls_of(first)
    assert len(calls) == len(TOOLS) == len({call.call_id for call in calls})
    arguments = [check_arguments(call.name, call.arguments) for call in calls]
    assert stack.last().tools == SCHEMAS

    # As the guide does: all of the output goes back, then the results.
    conversation += [*first.output, *results_of(calls)]
    last = ask(client, model, input=conversation, tools=TOOLS)

    assert last.output_text and not calls_of(last)
    sent = stack.last()
    assert sent.calls == [(call.name, read) for call, read in zip(calls, arguments, strict=True)]
    assert sent.results == answered(calls)


def test_streamed_tool_calls_are_those_of_the_plain_answer(client, stack, model):
    plain = calls_of(ask(client, model, tools=TOOLS))
    events = list(ask(client, model, tools=TOOLS, stream=True))

    told = {}
    for event in events:
        if event.type == "response.function_call_arguments.delta":
            told[event.output_index] = told.get(event.output_index, "") + event.delta
    final = events[-1].response
    calls = calls_of(final)
    assert [told[final.output.index(call)] for call in calls] == [call.arguments for call in calls]
    read = [(call.name, json.loads(call.arguments)) for call in calls]
    assert read == [(call.name, json.loads(call.arguments)) for call in plain]

    conversation = [{"role": "user", "content": QUESTION}, *final.output, *results_of(calls)]
    assert list(ask(client, model, input=conversation, tools=TOOLS, stream=True))[-1].response.output_text
    assert (stack.last().calls, stack.last().results) == (read, answered(calls))


def test_a_structured_answer_is_parsed(client, stack, model):
    asked = {"model": model, "input": QUESTION, "text_format": Verdict}
    answer = client.responses.parse(**asked)
    assert isinstance(answer.output_parsed, Verdict)
    assert set(stack.last().format["schema"]["properties"]) == set(Verdict.model_fields)

    with client.responses.stream(**asked) as stream:
        final = stream.get_final_response()
    assert final.output_parsed == answer.output_parsed


def test_tool_arguments_are_parsed_and_the_parsed_items_may_go_back(client, stack, model):
    asked = {"model": model, "tools": [openai.pydantic_function_tool(Weather)]}
    asked["tool_choice"] = {"type": "function", "name": "Weather"}
    conversation = [{"role": "user", "content": QUESTION}]
    answer = client.responses.parse(input=conversation, **asked)
    (call,) = calls_of(answer)
    assert isinstance(call.parsed_arguments, Weather)

    result = {"type": "function_call_output", "call_id": call.call_id, "output": RESULTS[0]}
    assert client.responses.parse(input=[*conversation, *answer.output, result], **asked).output_text
    assert stack.last().results == [("Weather", RESULTS[0])]


def test_a_picture_arrives_unchanged(client, stack, model):
    picture = {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PIXEL}"}
    content = [{"type": "input_text", "text": QUESTION}, picture]
    assert ask(client, model, input=[{"role": "user", "content": content}]).output_text
    assert stack.last().images == [image("image/png", PIXEL)]


def test_reasoning_returns_sealed_to_its_origin(client, stack, model):
    more = {"tools": TOOLS, "reasoning": {"effort": "medium", "summary": "auto"}}
    more["include"] = ["reasoning.encrypted_content"]
    first = ask(client, model, **more)
    if model != "anthropic":  # whose usage does not tell thoughts from text
        assert first.usage.output_tokens_details.reasoning_tokens > 0
    conversation = [{"role": "user", "content": QUESTION}, *first.output, *results_of(calls_of(first))]
    ask(client, model, input=conversation, **more)
    assert [text for _, text in stack.last().results] == list(RESULTS)
    if model != "openai-compatible":
        assert any(item.type == "reasoning" and item.encrypted_content for item in first.output)
        assert stack.last().sealed_reasoning, "sealed reasoning came back to the provider that sealed it"


@pytest.mark.parametrize("model", ["openai", "azure-openai"])
def test_a_provider_that_keeps_conversations_is_asked_to_go_on(client, model):
    first = ask(client, model, store=True)
    assert ask(client, model, store=True, previous_response_id=first.id, input="And in Genève?").output_text


@pytest.mark.parametrize("model", ["anthropic", "gemini", "openai-compatible"])
@pytest.mark.parametrize("more", [{"previous_response_id": "resp_1"}, {"tools": [{"type": "web_search"}]}])
def test_what_a_provider_cannot_do_is_refused_by_name(client, stack, model, more):
    before = len(stack.requests())
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, model, **more)
    assert caught.value.param.startswith(next(iter(more)))
    assert len(stack.requests()) == before


@pytest.mark.parametrize(("first", "second"), list(zip(KINDS, (*KINDS[1:], KINDS[0]), strict=True)))
def test_a_conversation_may_move_to_another_provider(client, stack, first, second):
    """Reasoning that only the first provider can read stays behind; calls and results come along."""
    more = {"tools": TOOLS, "reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    answer = ask(client, first, **more)
    conversation = [{"role": "user", "content": QUESTION}, *answer.output, *results_of(calls_of(answer))]
    assert ask(client, second, input=conversation, **more).output_text
    assert [text for _, text in stack.last().results] == list(RESULTS)
