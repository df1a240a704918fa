"""The instance that the clients meet: one provider of every kind, all of them faces of one fake upstream.

A model is named after the kind of its provider, so that a test's parameter says what it reached. What follows a dot is a
way to fail or to think. One more provider: its row in `PROVIDERS`.
"""

PROVIDERS = {  # kind: path of its API at the fake, and a model as that vendor names them
    "openai-compatible": ("/v1", "fake-large"),
    "openai": ("/v1", "gpt-5.1"),
    "anthropic": ("", "claude-sonnet-4-5"),
    "gemini": ("/v1beta", "gemini-3-pro"),
    "azure-openai": ("/openai/v1", "our-deployment"),
}
KINDS = tuple(PROVIDERS)
OPENAI_FAMILY = ("openai-compatible", "openai", "azure-openai")

# What the fake does with a model whose upstream name ends so. A wait of 77 seconds is longer than the gateway itself
# waits, so it is the client's at once.
WAYS = {
    "limited": "--429=77",
    "failing": "--500",
    "overloaded": "--529",
    "hanging": "--hang-head",
    "breaking": "--error=8",
    "cut": "--cut=8",
    "thinking": "--show-thoughts",
    "redacted": "--redacted",
}

# For the program that asks three models of one provider.
MODELS = ("alpha", "beta", "gamma")
PRICES = {  # USD per million tokens: input, cache_read, output
    "alpha": ("2.50", "1.25", "10.00"),
    "beta": ("0.0375", "0.01", "0.15"),
    "gamma": ("3.00", "0.30", "15.00"),
}
PRICE = ("2.00", "0.50", "8.00")

# A header: an error must arrive as what it is, the first time.
ONCE = {"x-tallygate-fallback": "off"}


def models():
    """Every model: its name, its provider, its upstream name and its price."""
    yield from ((slug, "openai-compatible", f"fake-{slug}", price) for slug, price in PRICES.items())
    for kind, (_, upstream_model) in PROVIDERS.items():
        yield kind, kind, upstream_model, PRICE
        yield from ((f"{kind}.{way}", kind, f"{upstream_model}{words}", PRICE) for way, words in WAYS.items())


def bundle(upstream):
    """The bundle in front of the fake at `upstream`."""
    providers = "".join(
        f"""
[[providers]]
slug = "{kind}"
kind = "{kind}"
base_url = "{upstream}{path}"
credential_env = "PROVIDER_KEY"
"""
        for kind, (path, _) in PROVIDERS.items()
    )
    described = "".join(
        f"""
[[models]]
slug = "{slug}"
provider = "{provider}"
upstream_model = "{upstream_model}"
context_window = 128000
max_output = 16384
price = {{ input = "{price[0]}", cache_read = "{price[1]}", output = "{price[2]}" }}
"""
        for slug, provider, upstream_model, price in models()
    )
    return f"""
[instance]
name = "Client tests"
allow_private = ["{upstream.removeprefix('http://')}"]

[[users]]
email = "ada@example.com"
name = "Ada"
role = "owner"
password_env = "ADA_PASSWORD"

[[teams]]
slug = "payments"
name = "Payments"
members = [{{ email = "ada@example.com", role = "admin" }}]
{providers}{described}
[[keys]]
name = "clients"
team = "payments"
secret_env = "CLIENT_KEY"
models = "all"
"""
