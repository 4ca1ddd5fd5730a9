// A stranger's client: it does what a person with an assistant of their own would, and
// prints what it has seen as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token] = process.argv.slice(2);
const client = new Client({ name: "stranger", version: "1.0" });
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
);
const { tools } = await client.listTools();
const use = (name, args) => client.callTool({ name, arguments: args });
const made = await use("create_task", { title: "Buy milk", tags: ["shop"], due_at: "2026-11-27" });
const id = made.structuredContent.cards[0].id;
const found = await use("find_tasks", { tags: ["shop"] });
const asked = await use("cancel_tasks", { ids: [id] });
const gone = await use("cancel_tasks", { ids: [id], confirmed: true });
const refused = await use("create_task", { title: "" });
const { contents } = await client.readResource({ uri: `rondo://tasks/${id}` });
const prompt = await client.getPrompt({ name: "daily_review" });
await client.close();
console.log(
  JSON.stringify({
    server: client.getServerVersion().name,
    tools: tools.map((t) => t.name),
    found: found.structuredContent.cards.map((c) => c.title),
    asked: asked.content[0].text,
    gone: gone.structuredContent.cards[0].status,
    refused: refused.isError,
    resource: JSON.parse(contents[0].text).cards[0].title,
    prompt: prompt.messages.length,
  }),
);
