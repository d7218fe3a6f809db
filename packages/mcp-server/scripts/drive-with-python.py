"""Drives trivium-mcp-server with the Python `mcp` client, over standard input and output and over HTTP: tools and schemas, a
cited answer over a folder, its place read back as a resource, prompts, progress, cancellation, a path outside the root refused,
a wrong token refused; each in the revisions that begin with `initialize` and, where the client speaks it, in that of
2026-07-28. Usage: python drive-with-python.py FOLDER [stdio|http]"""
import asyncio, contextlib, os, pathlib, re, sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

BIN = pathlib.Path(__file__).parent.parent / "bin" / "trivium-mcp-server.mjs"
TOKEN = os.urandom(16).hex()


def field(value, *names):
    """The attribute under whichever name this version of the client gives it."""
    for name in names:
        if hasattr(value, name):
            return getattr(value, name)
    raise AttributeError(names)


async def drive(session: ClientSession, folder: str) -> None:
    tools = (await session.list_tools()).tools
    for tool in tools:
        assert field(tool, "input_schema", "inputSchema")["type"] == "object"
        assert field(tool, "output_schema", "outputSchema")["type"] == "object"
    print("tools:", ", ".join(tool.name for tool in tools))

    steps = []

    async def on_progress(progress, total, message):
        steps.append((progress, total))

    answer = await session.call_tool(
        "documents_ask", {"question": "How do I stop a stream?"}, progress_callback=on_progress
    )
    assert not field(answer, "is_error", "isError"), answer
    output = field(answer, "structured_content", "structuredContent")
    first = output["citations"][0]
    assert not first["path"].startswith("/"), first["path"]
    text = (pathlib.Path(folder) / first["path"]).read_text()
    assert text[first["start"] : first["end"]] == first["text"] or first["text"] in text
    print("answer:", output["text"][:100].replace("\n", " "), "|", first["path"], first.get("line"))
    assert steps and all(a[0] < b[0] for a, b in zip(steps, steps[1:])), steps[:3]
    print("progress notifications:", len(steps))

    link = next(block for block in answer.content if block.type == "resource_link")
    place = (await session.read_resource(link.uri)).contents[0]
    assert place.text == first["text"], (link.uri, place.text, first["text"])
    print("read back:", link.uri)
    listed = (await session.list_resources()).resources
    assert listed and all(str(resource.uri).startswith("doc:///") for resource in listed)
    templates = await session.list_resource_templates()
    print("resources:", len(listed), "and", len(field(templates, "resource_templates", "resourceTemplates")), "templates")
    prompt = await session.get_prompt("ask_documents", {"question": "What is a stream?"})
    assert "What is a stream?" in prompt.messages[0].content.text
    print("prompts:", ", ".join(prompt.name for prompt in (await session.list_prompts()).prompts))

    refused = await session.call_tool("documents_search", {"query": "x", "paths": ["../"]})
    assert field(refused, "is_error", "isError") and "outside" in refused.content[0].text
    print("outside the root:", refused.content[0].text.splitlines()[0])

    wrong = await session.call_tool("documents_search", {"query": ""})
    assert field(wrong, "is_error", "isError")
    print("bad input:", wrong.content[0].text.splitlines()[0])

    try:
        await asyncio.wait_for(session.call_tool("documents_summarize", {"words": 400}), 0.05)
        print("cancellation: the call was faster")
    except (asyncio.TimeoutError, TimeoutError):
        again = await session.call_tool("documents_search", {"query": "stream", "limit": 1})
        assert not field(again, "is_error", "isError")
        print("cancellation: given up after 50 ms, the server answers on")


@contextlib.asynccontextmanager
async def http_server(folder: str):
    """A server on a free port, and its URL."""
    process = await asyncio.create_subprocess_exec(
        *["node", str(BIN), "--root", folder, "--http", "--port", "0"],
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TRIVIUM_MCP_TOKEN": TOKEN},
    )
    try:
        line = (await process.stderr.readline()).decode()
        yield re.search(r"listening on (\S+)", line).group(1)
    finally:
        process.terminate()
        assert await process.wait() == 0


#: How a session begins, by the name of the client's method; not every version of the client has the second.
BEGINNINGS = [name for name in ("initialize", "discover") if hasattr(ClientSession, name)]


async def begin_and_drive(session: ClientSession, beginning: str, folder: str) -> None:
    await getattr(session, beginning)()
    print("-- revision", getattr(session, "protocol_version", "unknown"))
    await drive(session, folder)


async def over_stdio(folder: str) -> None:
    server = StdioServerParameters(command="node", args=[str(BIN), "--root", folder])
    for beginning in BEGINNINGS:
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await begin_and_drive(session, beginning, folder)


async def over_http(folder: str) -> None:
    async with http_server(folder) as url:
        for beginning in BEGINNINGS:
            async with create_mcp_http_client(headers={"authorization": f"Bearer {TOKEN}"}) as http:
                async with streamable_http_client(url, http_client=http) as streams:
                    async with ClientSession(streams[0], streams[1]) as session:
                        await begin_and_drive(session, beginning, folder)
        async with create_mcp_http_client(headers={"authorization": "Bearer wrong"}) as http:
            answer = await http.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
            assert answer.status_code == 401, answer.status_code
            print("wrong token:", answer.json()["error"]["message"])


async def main(folder: str, transports: list[str]) -> None:
    for transport in transports:
        print(f"== {transport}")
        await (over_http if transport == "http" else over_stdio)(folder)


asyncio.run(main(sys.argv[1], sys.argv[2:] or ["stdio", "http"]))
