// OpenAI's client for Node on responses, embeddings, completions and the model list.

import assert from "node:assert/strict";
import { test } from "node:test";

import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

import {
  checkArguments,
  checkUsage,
  client,
  forEachModel,
  last,
  MODELS,
  QUESTION,
  RESULTS,
  SCHEMAS,
  SYSTEM,
} from "./world.mjs";

const openai = client();
const tools = Object.entries(SCHEMAS).map(([name, parameters]) => ({
  type: "function",
  name,
  description: "Now.",
  parameters,
  strict: false,
}));
const Verdict = z.object({ verdict: z.enum(["approve", "reject"]), reason: z.string(), count: z.number().int() });

function asked(model, more = {}) {
  return { model, instructions: SYSTEM, input: QUESTION, store: false, ...more };
}

function callsOf(response) {
  return response.output.filter((item) => item.type === "function_call");
}

function withResults(response) {
  const results = callsOf(response).map((call, i) => ({
    type: "function_call_output",
    call_id: call.call_id,
    output: RESULTS[i],
  }));
  return [{ role: "user", content: QUESTION }, ...response.output, ...results];
}

forEachModel((model) => {
  test(`${model}: a response has the usage of the provider, and its stream tells the same`, async () => {
    const plain = await openai.responses.create(asked(model));
    assert.equal(plain.status, "completed");
    checkUsage(plain.usage.input_tokens, plain.usage.output_tokens);

    const events = await Array.fromAsync(await openai.responses.create(asked(model, { stream: true })));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    assert.equal(deltas.map((event) => event.delta).join(""), plain.output_text);
    assert.equal(events.at(-1).type, "response.completed");
    checkUsage(events.at(-1).response.usage.input_tokens, events.at(-1).response.usage.output_tokens);
  });

  for (const streamed of [false, true]) {
    test(`${model}: a ${streamed ? "streamed" : "plain"} tool loop brings every call and result across`, async () => {
      const ask = (body) =>
        streamed ? openai.responses.stream(body).finalResponse() : openai.responses.create(body);
      const first = await ask(asked(model, { tools }));
      const calls = callsOf(first);
      assert.equal(calls.length, tools.length);
      const read = calls.map((call) => checkArguments(call.name, call.arguments));

      const answer = await ask(asked(model, { tools, input: withResults(first) }));
      assert.equal(answer.status, "completed");
      assert.equal(callsOf(answer).length, 0);
      assert.deepEqual(last().calls, calls.map((call, i) => [call.name, read[i]]));
      assert.deepEqual(last().results, calls.map((call, i) => [call.name, RESULTS[i]]));
    });
  }

  test(`${model}: a structured answer is parsed, plain and streamed`, async () => {
    const body = asked(model, { text: { format: zodTextFormat(Verdict, "verdict") } });
    const plain = await openai.responses.parse(body);
    Verdict.parse(plain.output_parsed);
    const final = await openai.responses.stream(body).finalResponse();
    assert.deepEqual(final.output_parsed, plain.output_parsed);
  });
});

for (const model of MODELS.filter((model) => model !== "anthropic")) {
  test(`${model}: vectors are the same as numbers and as base64`, async () => {
    const input = ["fn main() {}", "größe 日本語 🦀"];
    // Left to itself the client asks for base64 and decodes it.
    const encoded = await openai.embeddings.create({ model, input });
    const numbers = await openai.embeddings.create({ model, input, encoding_format: "float" });
    assert.equal(encoded.data.length, 2);
    for (const [i, entry] of encoded.data.entries()) {
      assert.deepEqual(entry.embedding, numbers.data[i].embedding.map(Math.fround));
    }
  });
}

test("an editor fills a gap", async () => {
  const body = { model: "openai", prompt: "fn größe() {", suffix: "}", max_tokens: 20 };
  const plain = await openai.completions.create(body);
  const chunks = await Array.fromAsync(await openai.completions.create({ ...body, stream: true }));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join(""), plain.choices[0].text);
});

test("the models are those of the key", async () => {
  const listed = (await Array.fromAsync(openai.models.list())).map((model) => model.id);
  assert.ok(MODELS.every((model) => listed.includes(model)));
  assert.equal((await openai.models.retrieve("gemini")).id, "gemini");
});
