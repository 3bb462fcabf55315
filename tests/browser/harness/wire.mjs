// What really goes over the line: a proxy that looks at nothing and counts the bytes of both directions.

import { connect, createServer } from "node:net";

const REQUEST = /(?:^|\r\n)((?:GET|HEAD|POST|PATCH|DELETE|OPTIONS) \S+) HTTP\/1\.1\r\n/g;

/// Passes connections on to `target` (an origin), and counts. `sent` is what the browser sent, `received` what it was sent,
/// `requests` are their methods and addresses: what came from the browser's cache is not among them.
export async function startWire(t, target) {
  const { hostname, port } = new URL(target);
  const wire = { sent: 0, received: 0, requests: [] };
  const open = new Set();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("close", () => (near.destroy(), far.destroy(), open.delete(socket)));
      socket.on("error", () => {});
    }
    near.on("data", (bytes) => {
      wire.sent += bytes.length;
      for (const [, request] of bytes.toString("latin1").matchAll(REQUEST)) wire.requests.push(request);
    });
    far.on("data", (bytes) => (wire.received += bytes.length));
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  wire.url = `http://127.0.0.1:${server.address().port}`;
  t.after(() => {
    for (const socket of open) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  return wire;
}
