/**
 * Server-sent events out of a fetch: an EventSource could not send the token.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * @typedef {{id: string, event: string, data: string}} ServerEvent
 */

/**
 * Every event of a stream, in order, until it ends.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {() => void} onLife called whenever anything arrives, comments included
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* readEvents(stream, onLife) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      onLife();
      rest += decoder.decode(value, { stream: true }).replaceAll("\r\n", "\n");
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // the connection may be gone already
  }
}

/**
 * @param {string} block
 * @returns {ServerEvent | null} null for comments and settings
 */
function parseBlock(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    fields[name] = name === "data" && "data" in fields ? `${fields.data}\n${value}` : value;
  }
  return "data" in fields ? { id: fields.id ?? "", event: fields.event ?? "message", data: fields.data } : null;
}
