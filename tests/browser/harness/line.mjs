// Lines to a server: one that is as slow as it is told, and one that ends at a server which takes every upload at once and
// keeps nothing, so that what a page does can be timed without it.

import { createServer as createHttpServer, request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/// Passes every connection on to `target` (an origin). All that goes up shares `bytesPerSecond`.
export async function startLine(t, target, bytesPerSecond) {
  const { hostname, port } = new URL(target);
  let freeAt = 0;
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.end();
      });
    }
    upstream.pipe(client);
    void passUp(client, upstream).catch(() => client.destroy());
  });

  async function passUp(client, upstream) {
    for await (const bytes of client) {
      const now = performance.now();
      freeAt = Math.max(now, freeAt) + (bytes.length / bytesPerSecond) * 1_000;
      // Timers are no finer than this; what was waited too long, the next bytes need not wait.
      if (freeAt - now > 2) await sleep(freeAt - now);
      if (!upstream.write(bytes)) await new Promise((drained) => upstream.once("drain", drained));
    }
    upstream.end();
  }

  await listen(server);
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return originOf(server);
}

/// Answers uploads as a server that stores would, and passes all else on to `target` (an origin). `uploads` is what came:
/// `{bytes, requests, firstAt, lastAt}` in milliseconds of this process.
export async function startSink(t, target) {
  const { hostname, port } = new URL(target);
  const uploads = { bytes: 0, requests: 0, firstAt: 0, lastAt: 0 };
  const server = createHttpServer((incoming, outgoing) => {
    if (!incoming.url.startsWith("/api/v1/uploads")) {
      const headers = { ...incoming.headers, host: `${hostname}:${port}` };
      const upstream = httpRequest({ hostname, port, method: incoming.method, path: incoming.url, headers }, (response) => {
        outgoing.writeHead(response.statusCode, response.headers);
        response.pipe(outgoing);
      });
      upstream.on("error", () => outgoing.destroy());
      incoming.pipe(upstream);
      return;
    }
    const offset = Number(incoming.headers["upload-offset"] ?? 0);
    let received = 0;
    uploads.requests += 1;
    uploads.firstAt ||= performance.now();
    incoming.on("data", (bytes) => (received += bytes.length));
    incoming.on("end", () => {
      uploads.bytes += received;
      uploads.lastAt = performance.now();
      const headers = { "tus-resumable": "1.0.0", "upload-offset": String(offset + received), "cache-control": "no-store" };
      if (incoming.method === "POST") headers.location = `/api/v1/uploads/${"0".repeat(32)}`;
      outgoing.writeHead(incoming.method === "POST" ? 201 : 204, headers);
      outgoing.end();
    });
  });
  await listen(server);
  t.after(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return { url: originOf(server), uploads };
}

function listen(server) {
  return new Promise((done) => server.listen(0, "127.0.0.1", done));
}

function originOf(server) {
  return `http://127.0.0.1:${server.address().port}`;
}
