// OpenAI's client for Node on chat completions, with a model of every kind of provider behind it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

import {
  checkArguments,
  checkUsage,
  client,
  forEachModel,
  image,
  last,
  PIXEL,
  QUESTION,
  RESULTS,
  SCHEMAS,
  SYSTEM,
} from "./world.mjs";

const openai = client();
const messages = [
  { role: "system", content: SYSTEM },
  { role: "user", content: QUESTION },
];
const tools = Object.entries(SCHEMAS).map(([name, parameters]) => ({
  type: "function",
  function: { name, description: "Now.", parameters },
}));
const Verdict = z.object({ verdict: z.enum(["approve", "reject"]), reason: z.string(), count: z.number().int() });

function withResults(message) {
  const results = message.tool_calls.map((call, i) => ({ role: "tool", tool_call_id: call.id, content: RESULTS[i] }));
  return [...messages, message, ...results];
}

forEachModel((model) => {
  test(`${model}: a chat is answered with the usage of the provider`, async () => {
    const answer = await openai.chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.ok(answer.choices[0].message.content);
    checkUsage(answer.usage.prompt_tokens, answer.usage.completion_tokens);
  });

  test(`${model}: a stream says what the plain answer says and ends with its usage`, async () => {
    const plain = await openai.chat.completions.create({ model, messages });
    const options = { include_usage: true };
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ model, messages, stream: true, stream_options: options }),
    );
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    assert.equal(text, plain.choices[0].message.content);
    assert.deepEqual(chunks.at(-1).choices, []);
    checkUsage(chunks.at(-1).usage.prompt_tokens, chunks.at(-1).usage.completion_tokens);
  });

  test(`${model}: a tool loop brings every call and every result across`, async () => {
    const first = await openai.chat.completions.create({ model, messages, tools });
    const { message, finish_reason } = first.choices[0];
    assert.equal(finish_reason, "tool_calls");
    assert.deepEqual(last().tools, SCHEMAS);
    assert.equal(message.tool_calls.length, tools.length);
    const read = message.tool_calls.map((call) => checkArguments(call.function.name, call.function.arguments));

    const answer = await openai.chat.completions.create({ model, messages: withResults(message), tools });
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.deepEqual(last().calls, message.tool_calls.map((call, i) => [call.function.name, read[i]]));
    assert.deepEqual(last().results, message.tool_calls.map((call, i) => [call.function.name, RESULTS[i]]));
  });

  test(`${model}: the client's own runner goes through a streamed tool loop`, async () => {
    const asked = [];
    const runnable = Object.entries(SCHEMAS).map(([name, parameters], i) => ({
      type: "function",
      function: {
        name,
        parameters,
        parse: (text) => checkArguments(name, text),
        function: (read) => {
          asked.push([name, read]);
          return RESULTS[i];
        },
      },
    }));
    const runner = openai.chat.completions.runTools({ model, messages, tools: runnable, stream: true });
    assert.ok(await runner.finalContent());
    assert.equal(asked.length, tools.length);
    assert.deepEqual(last().calls, asked);
    assert.deepEqual(last().results, asked.map(([name]) => [name, RESULTS[Object.keys(SCHEMAS).indexOf(name)]]));
  });

  test(`${model}: a structured answer is parsed, plain and streamed`, async () => {
    const asked = { model, messages, response_format: zodResponseFormat(Verdict, "verdict") };
    const plain = await openai.chat.completions.parse(asked);
    Verdict.parse(plain.choices[0].message.parsed);
    const final = await openai.chat.completions.stream(asked).finalChatCompletion();
    assert.deepEqual(final.choices[0].message.parsed, plain.choices[0].message.parsed);
  });

  test(`${model}: JSON mode answers an object, or is refused by name`, async () => {
    const format = { type: "json_object" };
    const asked = [{ role: "user", content: "Answer as JSON." }];
    const ask = openai.chat.completions.create({ model, messages: asked, response_format: format });
    if (model === "anthropic") {
      await assert.rejects(ask, (error) => error.status === 400 && error.param === "response_format");
    } else {
      assert.equal(typeof JSON.parse((await ask).choices[0].message.content), "object");
    }
  });

  test(`${model}: parsed tool arguments may go back`, async () => {
    const Weather = z.object({ city: z.string(), unit: z.enum(["c", "f"]) });
    const tool_choice = { type: "function", function: { name: "weather" } };
    const asked = { model, tool_choice, tools: [zodFunction({ name: "weather", parameters: Weather })] };
    const first = await openai.chat.completions.parse({ ...asked, messages });
    const { message } = first.choices[0];
    assert.equal(message.tool_calls.length, 1);
    Weather.parse(message.tool_calls[0].function.parsed_arguments);
    const answer = await openai.chat.completions.parse({ ...asked, messages: withResults(message) });
    assert.ok(answer.choices[0].message.content);
    assert.deepEqual(last().results, [["weather", RESULTS[0]]]);
  });

  test(`${model}: a picture arrives unchanged`, async () => {
    const image_url = { url: `data:image/png;base64,${PIXEL}` };
    const content = [{ type: "text", text: QUESTION }, { type: "image_url", image_url }];
    const answer = await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    assert.ok(answer.choices[0].message.content);
    assert.deepEqual(last().images, [image("image/png", PIXEL)]);
  });
});
