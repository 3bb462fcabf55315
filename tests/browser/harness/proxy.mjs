// A server between the browser and the true one, for tests that play a hostile server or a bad line.

import { createServer, request as httpRequest } from "node:http";

/// Listens on a port of its own and passes everything on to `target` (an origin). What it does otherwise:
///
///   answer(request)             a `{status, headers, body}` that is sent without asking the true server
///   alter(request, response)    changes the true server's `response` ({status, headers, body}) in place, and may take its time
///   cutRequest(request)         a number: so many bytes of the body are passed on, then both connections break
///   cutResponse(request)        the same for the answer's body; 0 loses the whole answer. A function is asked with the answer's length
///   encodings(request)          what the true server is told of the encodings that are welcome; by default none is
///
/// A request is `{method, path, headers, body}`. All that came is in `seen`, with `response` once it is there.
export async function startProxy(t, target) {
  const { hostname, port } = new URL(target);
  const proxy = {
    seen: [],
    answer: () => null,
    alter: async () => {},
    cutRequest: () => null,
    cutResponse: () => null,
    encodings: () => "identity",
  };

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing));

  async function serve(incoming, outgoing) {
    try {
      const request = {
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        body: await readAll(incoming),
      };
      proxy.seen.push(request);
      const cut = await proxy.cutRequest(request);
      if (cut !== null) {
        await passOnPart(request, cut);
        incoming.socket.destroy();
        return;
      }
      const response = (await proxy.answer(request)) ?? (await passOn(request));
      await proxy.alter(request, response);
      request.response = response;
      const wanted = await proxy.cutResponse(request);
      const cutAt = typeof wanted === "function" ? wanted(response.body.length) : wanted;
      if (cutAt === 0) {
        incoming.socket.destroy();
        return;
      }
      const headers = { ...response.headers };
      delete headers["transfer-encoding"];
      if (request.method !== "HEAD" && response.status !== 204) headers["content-length"] = response.body.length;
      outgoing.writeHead(response.status, headers);
      if (cutAt !== null) {
        outgoing.write(response.body.subarray(0, cutAt), () => setTimeout(() => incoming.socket.destroy(), 50));
        return;
      }
      outgoing.end(response.body);
    } catch {
      incoming.socket.destroy(); // As a server that is away.
    }
  }

  function open(request) {
    const { method, path, headers, body } = request;
    // Bodies come as they are, so that a test can change them.
    const passed = { ...headers, host: `${hostname}:${port}`, connection: "close", "accept-encoding": proxy.encodings(request) };
    delete passed["transfer-encoding"];
    if (body.length > 0) passed["content-length"] = body.length;
    return httpRequest({ hostname, port, agent: false, method, path, headers: passed });
  }

  function passOn(request) {
    return new Promise((done, failed) => {
      const upstream = open(request);
      upstream.on("error", failed);
      upstream.on("response", (response) => {
        readAll(response).then((body) => done({ status: response.statusCode, headers: response.headers, body }), failed);
      });
      upstream.end(request.body);
    });
  }

  /// The declared length is that of the whole body, as when a line breaks.
  function passOnPart(request, length) {
    return new Promise((done) => {
      const upstream = open(request);
      upstream.on("error", done);
      upstream.write(request.body.subarray(0, length), () => {
        setTimeout(() => {
          upstream.destroy();
          done();
        }, 200);
      });
    });
  }

  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  proxy.close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  t.after(proxy.close);
  return proxy;
}

async function readAll(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

export function json(status, value) {
  return { status, headers: { "content-type": "application/json", "cache-control": "no-store" }, body: Buffer.from(JSON.stringify(value)) };
}

export function problem(status, word) {
  return {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
    body: Buffer.from(JSON.stringify({ type: `urn:mohr:problem:${word}`, title: word, status })),
  };
}
