// What every test here needs: the gateway that pytest started, a client of it, and the fake upstream's journal.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import OpenAI from "openai";

/** One model of every kind of provider, named after the kind. */
export const MODELS = process.env.MODELS.split(" ");
export const SYSTEM = "Answer briefly, and mention größere Zahlen.";
export const QUESTION = "What is the weather in 東京 and in Genève?";
/** Without spaces between the signs: a wire that takes JSON as a value, not as text, does not keep them. */
export const RESULTS = ['{"celsius":21,"sky":"clear"}', "rain, 9 °C"];
/** A small PNG, one red pixel. */
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
export const SCHEMAS = {
  get_weather: {
    type: "object",
    properties: { city: { type: "string" }, unit: { type: "string", enum: ["c", "f"] } },
    required: ["city", "unit"],
    additionalProperties: false,
  },
  get_time: {
    type: "object",
    properties: { zone: { type: "string" } },
    required: ["zone"],
    additionalProperties: false,
  },
};

/** A client that tries once, as the gateway does: an error must arrive as what it is. */
export function client(options = {}) {
  return new OpenAI({
    baseURL: `${process.env.GATEWAY_URL}/v1`,
    apiKey: process.env.GATEWAY_KEY,
    maxRetries: 0,
    timeout: 60_000,
    defaultHeaders: { "x-tallygate-fallback": "off" },
    ...options,
  });
}

/** What reached the fake upstream last: its journal, with the vendor's wire taken away. */
export function last() {
  const lines = readFileSync(process.env.JOURNAL, "utf8").trimEnd().split("\n");
  const find = (event) => JSON.parse(lines.findLast((line) => line.includes(`"event":"${event}"`)) ?? "null");
  const accepted = find("accepted");
  const usage = find("usage");
  const { summary } = accepted;
  assert.ok(summary, `the provider refused it: ${JSON.stringify(accepted)}`);
  return {
    usage: usage?.seq === accepted.seq ? usage.reported : null,
    tools: Object.fromEntries((summary.tools ?? []).map((tool) => [tool.name, tool.schema])),
    calls: (summary.calls ?? []).map((call) => [call.name, call.arguments]),
    results: (summary.results ?? []).map((result) => [result.tool, result.text]),
    images: (summary.images ?? []).map((image) => [image.media_type, image.sha256]),
  };
}

/** How the journal names an image. */
export function image(mediaType, data) {
  return [mediaType, createHash("sha256").update(Buffer.from(data, "base64")).digest("hex")];
}

/** The client saw the tokens that the provider reported. */
export function checkUsage(input, output) {
  const { usage } = last();
  assert.deepEqual([input, output], [usage.prompt, usage.completion]);
}

/** The arguments of a call are complete JSON in the form of its tool. */
export function checkArguments(name, text) {
  const read = JSON.parse(text);
  const { required, properties } = SCHEMAS[name];
  assert.ok(required.every((field) => field in read) && Object.keys(read).every((field) => field in properties), text);
  return read;
}

/** Runs `test` once for every kind of provider. */
export function forEachModel(run) {
  for (const model of MODELS) run(model);
}
