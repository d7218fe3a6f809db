"""Drives a Trivium server with Python's `openai` and `litellm`: chat, stream, tools, structured output, responses,
embeddings, errors. Usage: python drive-with-python.py URL (check-with-http-clients.mjs starts a server and calls it)"""
import json, sys

import litellm
import openai

BASE = sys.argv[1] + "/v1"
MESSAGES = [{"role": "user", "content": "What is the answer?"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
          "required": ["city", "degrees"], "additionalProperties": False}
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "The weather of a city.",
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def with_openai() -> None:
    client = openai.OpenAI(base_url=BASE, api_key="unused", max_retries=0)
    whole = client.chat.completions.create(model="obedient", messages=MESSAGES)
    assert whole.choices[0].message.content == "The answer is 42, red, Oslo.", whole
    assert whole.usage.total_tokens == 18 and whole._request_id.startswith("req_")

    chunks = list(client.chat.completions.create(model="obedient", messages=MESSAGES, stream=True,
                                                 stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-1].usage.total_tokens == 18 and chunks[-2].choices[0].finish_reason == "stop"

    called = client.chat.completions.create(model="obedient", messages=MESSAGES, tools=TOOLS, tool_choice="required")
    call = called.choices[0].message.tool_calls[0]
    assert called.choices[0].finish_reason == "tool_calls" and json.loads(call.function.arguments) == {"city": "Oslo"}
    answered = client.chat.completions.create(model="obedient", tools=TOOLS, messages=[
        *MESSAGES, called.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "4 degrees"}])
    assert answered.choices[0].finish_reason == "stop", answered
    with client.chat.completions.stream(model="obedient", messages=MESSAGES, tools=TOOLS) as stream:
        stream.until_done()
        streamed = stream.get_final_completion()
    assert streamed.choices[0].message.tool_calls[0].function.arguments == call.function.arguments

    formatted = client.chat.completions.create(model="obedient", messages=MESSAGES, response_format={
        "type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA, "strict": True}})
    assert json.loads(formatted.choices[0].message.content) == {"city": "Oslo", "degrees": 4}

    response = client.responses.create(model="obedient", input="What is the answer?")
    assert response.output_text == whole.choices[0].message.content and response.status == "completed"
    with client.responses.stream(model="obedient", input="What is the answer?") as stream:
        assert [e.type for e in stream][-1] == "response.completed"
        assert stream.get_final_response().output_text == response.output_text

    vectors = client.embeddings.create(model="embedder", input=["green tea", "espresso"])
    plain = client.embeddings.create(model="embedder", input=["green tea", "espresso"], encoding_format="float")
    assert all(abs(a - b) < 1e-6 for a, b in zip(vectors.data[1].embedding, plain.data[1].embedding))

    assert "obedient" in [model.id for model in client.models.list()]
    for error, call in [
        (openai.NotFoundError, lambda: client.chat.completions.create(model="other", messages=MESSAGES)),
        (openai.BadRequestError, lambda: client.chat.completions.create(model="obedient", messages=MESSAGES, n=2)),
    ]:
        try:
            call()
            raise AssertionError(f"{error} was not raised")
        except error as raised:
            assert raised.code in ("not-found", "unsupported"), raised
    print(f"openai {openai.__version__}: chat, stream, tools, structured output, responses, embeddings, errors")


def with_litellm() -> None:
    common = {"api_base": BASE, "api_key": "unused", "model": "openai/obedient", "messages": MESSAGES, "num_retries": 0}
    whole = litellm.completion(**common)
    assert whole.choices[0].message.content == "The answer is 42, red, Oslo.", whole
    text = "".join(c.choices[0].delta.content or "" for c in litellm.completion(**common, stream=True))
    assert text == whole.choices[0].message.content
    called = litellm.completion(**common, tools=TOOLS)
    assert json.loads(called.choices[0].message.tool_calls[0].function.arguments) == {"city": "Oslo"}
    pieces = list(litellm.completion(**common, tools=TOOLS, stream=True))
    assert json.loads(litellm.stream_chunk_builder(pieces).choices[0].message.tool_calls[0].function.arguments)
    formatted = litellm.completion(**common, response_format={
        "type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA, "strict": True}})
    assert json.loads(formatted.choices[0].message.content)["city"] == "Oslo"
    vectors = litellm.embedding(model="openai/embedder", input=["green tea"], api_base=BASE, api_key="unused")
    assert len(vectors.data[0]["embedding"]) > 0
    try:
        litellm.completion(**{**common, "model": "openai/other"})
        raise AssertionError("NotFoundError was not raised")
    except litellm.NotFoundError:
        pass
    print("litellm: chat, stream, tools, structured output, embeddings, errors")


with_openai()
with_litellm()
