"""Drives trivium-mcp-server with the Python `mcp` client: tools and schemas, a cited answer over a folder, progress,
cancellation, a path outside the root refused. Usage: python drive-with-python.py FOLDER"""
import asyncio, pathlib, sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

BIN = pathlib.Path(__file__).parent.parent / "bin" / "trivium-mcp-server.mjs"


def field(value, *names):
    """The attribute under whichever name this version of the client gives it."""
    for name in names:
        if hasattr(value, name):
            return getattr(value, name)
    raise AttributeError(names)


async def main(folder: str) -> None:
    server = StdioServerParameters(command="node", args=[str(BIN), "--root", folder])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
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


asyncio.run(main(sys.argv[1]))
