"""The program most people already have: `requests`, one URL, one key. Only those two are replaced."""

from decimal import Decimal

import pytest
import requests

from instance import MODELS, PRICES

PROMPTS = [
    "Write a function that reverses a linked list.",
    "Explain what a borrow checker does, in three sentences.",
    "Größe, 日本語 and 🦀: which of these words are not ASCII?",
]


def ask(url, key, model, prompt):
    response = requests.post(
        f"{url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {key}"},
        json={
            "model": model,
            "messages": [
                {"role": "system", "content": "You are a careful programmer."},
                {"role": "user", "content": prompt},
            ],
            "max_tokens": 2048,
            "temperature": 0.3,
        },
        timeout=60,
    )
    response.raise_for_status()
    return response.json()["choices"][0]["message"]["content"]


def test_three_prompts_on_three_models(stack):
    answers = {(model, prompt): ask(stack.url, stack.key, model, prompt) for model in MODELS for prompt in PROMPTS}

    assert all(len(answer.split()) > 20 for answer in answers.values())
    assert len(set(answers.values())) == len(answers), "each model answers each prompt in its own words"


@pytest.mark.parametrize("model", MODELS)
def test_the_cost_header_is_the_providers_usage_times_the_price(stack, model):
    before = len(stack.requests())
    response = requests.post(
        f"{stack.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {stack.key}"},
        json={"model": model, "messages": [{"role": "user", "content": f"price of {model}"}], "max_tokens": 2048},
        timeout=60,
    )

    (accepted,) = stack.requests()[before:]
    usage = accepted.usage
    fresh, cached, output = (Decimal(price) for price in PRICES[model])
    micro_dollars = (usage["prompt"] - usage["cached"]) * fresh + usage["cached"] * cached + usage["completion"] * output
    nano_dollars = (micro_dollars * 1000).to_integral_value(rounding="ROUND_CEILING")
    assert Decimal(response.headers["x-tallygate-cost"]) == nano_dollars / 10**9
    assert accepted.entry["model"] == f"fake-{model}"


def test_a_body_that_is_no_json_gets_an_error_object(stack):
    before = len(stack.requests())
    response = requests.post(
        f"{stack.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {stack.key}", "Content-Type": "application/json"},
        data=b'{"model": "alpha", "messages": [',
        timeout=60,
    )

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert len(stack.requests()) == before, "nothing was sent to the provider"
