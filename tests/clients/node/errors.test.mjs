// What OpenAI's client for Node throws: every failure is the class that programs catch.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

import { client, forEachModel, QUESTION } from "./world.mjs";

const openai = client();
const messages = [{ role: "user", content: QUESTION }];

/** What `work` throws, which must be of this very kind. */
async function thrown(kind, work) {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error}`);
    return error;
  }
  return assert.fail(`nothing was thrown, and not ${kind.name}`);
}

const chat = (model, more = {}, options = {}) => openai.chat.completions.create({ model, messages, ...more }, options);

test("a bad key is an authentication error", async () => {
  const stranger = client({ apiKey: "sk-not-a-key" });
  const ask = () => stranger.chat.completions.create({ model: "openai", messages });
  const error = await thrown(OpenAI.AuthenticationError, ask);
  assert.equal(error.code, "invalid_api_key");
});

test("an unknown model is a not found error", async () => {
  const error = await thrown(OpenAI.NotFoundError, () => chat("no-such-model"));
  assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
});

forEachModel((model) => {
  test(`${model}: a malformed body is a bad request error that names the field`, async () => {
    const error = await thrown(OpenAI.BadRequestError, () => chat(model, { messages: "not a list" }));
    assert.deepEqual([error.type, error.param], ["invalid_request_error", "messages"]);
    assert.match(error.requestID, /^req_/);
  });

  test(`${model}: a rate limit says when to come back`, async () => {
    const error = await thrown(OpenAI.RateLimitError, () => chat(`${model}.limited`));
    assert.equal(error.headers.get("retry-after"), "77");
  });

  test(`${model}: a failing provider is an internal server error`, async () => {
    const error = await thrown(OpenAI.InternalServerError, () => chat(`${model}.failing`));
    assert.ok(error.status >= 500);
  });

  test(`${model}: a deadline is an internal server error`, async () => {
    const headers = { "x-tallygate-deadline-ms": "200", "x-tallygate-fallback": "off" };
    const error = await thrown(OpenAI.InternalServerError, () => chat(`${model}.hanging`, {}, { headers }));
    assert.deepEqual([error.status, error.code], [504, "deadline_exceeded"]);
  });

  test(`${model}: a client that waits no longer gets its own timeout`, async () => {
    const wait = () => chat(`${model}.hanging`, { stream: true }, { timeout: 300 });
    await thrown(OpenAI.APIConnectionTimeoutError, wait);
  });

  for (const fault of ["breaking", "cut"]) {
    test(`${model}: a chat stream that is ${fault} throws after what came`, async () => {
      let text = "";
      const error = await thrown(OpenAI.APIError, async () => {
        for await (const chunk of await chat(`${model}.${fault}`, { stream: true })) {
          text += chunk.choices[0]?.delta.content ?? "";
        }
      });
      assert.ok(text && error.message);
      assert.ok(!(error instanceof OpenAI.APIConnectionError), "the break is told, not just felt");
    });

    test(`${model}: a response stream that is ${fault} throws after what came`, async () => {
      const came = [];
      const body = { model: `${model}.${fault}`, input: QUESTION, stream: true };
      const error = await thrown(OpenAI.APIError, async () => {
        for await (const event of await openai.responses.create(body)) came.push(event.type);
      });
      assert.ok(!(error instanceof OpenAI.APIConnectionError), "the break is told, not just felt");
      assert.ok(came.includes("response.output_text.delta") && !came.includes("response.completed"));
    });
  }
});
