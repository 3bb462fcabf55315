// A server of PROTOCOL 4 in memory, which can be told to fail: connections cut in the middle, answers that get lost, refusals.
// What it does without faults is as strict as the protocol, so that a client which strays from it fails its test.

import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { isSizeClass, SEALED_BYTES_MAX } from "../../src/protocol/limits"

export type Fault =
  /** The connection breaks when so many bytes of the request's body have arrived; they are kept. */
  | { cutRequestAt: number }
  /** Everything is done, and the connection breaks before the answer. */
  | "lose-answer"
  /** The connection breaks when so many bytes of the answer's body are sent. */
  | { cutAnswerAt: number }
  | { status: number; word?: string; retryAfter?: string; body?: string }
  /** Nothing is answered. */
  | "silence"

export interface Seen {
  method: string
  path: string
  bodyBytes: number
}

interface StoredMessage {
  direction: "to-office" | "to-reporter"
  blob: Buffer
  day: string
}

interface StoredUpload {
  token: string
  kind: string
  caseId: string
  length: number
  bytes: Buffer
  finished: boolean
}

export class TestServer {
  readonly cases = new Map<string, { token: string; messages: StoredMessage[] }>()
  readonly uploads = new Map<string, StoredUpload>()
  readonly seen: Seen[] = []
  profile: Uint8Array = new Uint8Array()
  /** Asked at every request; gives what is to go wrong with it. */
  fault: (request: Seen, index: number) => Fault | undefined = () => undefined
  /** Alters the listing of a mailbox, as a server that lies would. */
  lie: (listing: any) => unknown = (listing) => listing
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
  }

  static async start(): Promise<TestServer> {
    const server = new TestServer()
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve))
    return server
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1`
  }

  add(caseId: string, direction: StoredMessage["direction"], blob: Uint8Array): void {
    this.cases.get(caseId)?.messages.push({ direction, blob: Buffer.from(blob), day: "2026-03-21" })
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ""
    const seen: Seen = { method: request.method ?? "", path, bodyBytes: 0 }
    this.seen.push(seen)
    const fault = this.fault(seen, this.seen.length - 1)
    if (request.headers.cookie !== undefined || request.headers.referer !== undefined) throw new Error("a cookie or referrer was sent")

    const cutAt = typeof fault === "object" && "cutRequestAt" in fault ? fault.cutRequestAt : Infinity
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) {
      const taken = chunk.subarray(0, cutAt - seen.bodyBytes)
      chunks.push(taken)
      seen.bodyBytes += taken.length
      if (seen.bodyBytes >= cutAt) break
    }
    if (typeof fault === "object" && "status" in fault) {
      const type = fault.word === undefined ? {} : { type: `urn:mohr:problem:${fault.word}`, title: "x", status: fault.status }
      if (fault.retryAfter !== undefined) response.setHeader("Retry-After", fault.retryAfter)
      response.writeHead(fault.status).end(fault.body ?? JSON.stringify(type))
      return
    }
    const answer = this.#answer(request, path, Buffer.concat(chunks))
    if (cutAt < Infinity || fault === "lose-answer") return void request.socket.destroy()
    if (fault === "silence") return
    const body = answer.body ?? Buffer.alloc(0)
    response.writeHead(answer.status, { ...answer.headers, "Content-Length": String(body.length), "Cache-Control": "no-store" })
    if (request.method === "HEAD") return void response.end()
    if (typeof fault === "object" && "cutAnswerAt" in fault) {
      response.write(body.subarray(0, fault.cutAnswerAt), () => setTimeout(() => request.socket.destroy(), 20))
      return
    }
    response.end(body)
  }

  #answer(request: IncomingMessage, path: string, body: Buffer): { status: number; headers?: Record<string, string>; body?: Buffer } {
    const { method, headers } = request
    const token = /^Bearer ([0-9a-f]{64})$/.exec(headers.authorization ?? "")?.[1]
    if (path === "/api/v1/profile" && method === "GET")
      return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: Buffer.from(this.profile) }
    if (token === undefined) return problem(401, "unauthorized")
    const mailbox = [...this.cases].find(([, stored]) => stored.token === token)

    if (path === "/api/v1/mailbox" && method === "GET") {
      const listing = this.lie({
        case: mailbox?.[0] ?? null,
        messages: (mailbox?.[1].messages ?? []).map(({ direction, blob, day }, position) => ({
          position,
          direction,
          size_bytes: blob.length,
          sha256: createHash("sha256").update(blob).digest("hex"),
          day,
        })),
      })
      const text = JSON.stringify(listing)
      return { status: 200, body: Buffer.from(text.padEnd(Math.ceil(text.length / 4096) * 4096)) }
    }
    const position = /^\/api\/v1\/mailbox\/messages\/([0-9]+)$/.exec(path)?.[1]
    if (position !== undefined && method === "GET") {
      const blob = mailbox?.[1].messages[Number(position)]?.blob
      if (blob === undefined) return problem(404, "not-found")
      const from = /^bytes=([0-9]+)-$/.exec(headers.range ?? "")?.[1]
      if (from === undefined) return { status: 200, body: blob }
      return {
        status: 206,
        headers: { "Content-Range": `bytes ${from}-${blob.length - 1}/${blob.length}` },
        body: blob.subarray(Number(from)),
      }
    }

    if (headers["tus-resumable"] !== "1.0.0") return problem(412, "tus-version")
    if (path === "/api/v1/uploads" && method === "POST") {
      const length = Number(headers["upload-length"])
      if (!isSizeClass(length)) return problem(422, "not-a-size-class")
      if (length > SEALED_BYTES_MAX || body.length > length) return problem(413, "too-large")
      const metadata = Object.fromEntries(
        (headers["upload-metadata"] as string)
          .split(",")
          .map((pair) => pair.split(" "))
          .map(([name, value]) => [name, Buffer.from(value ?? "", "base64").toString()]),
      )
      if (Object.keys(metadata).sort().join() !== "case,kind" || !/^[0-9a-f]{32}$/.test(metadata["case"])) return problem(400, "malformed")
      const { kind, case: caseId } = metadata as { kind: string; case: string }
      // The same blob once more is answered as if it were new.
      const same = this.cases.get(caseId)?.token === token && this.cases.get(caseId)?.messages.some(({ blob }) => blob.equals(body))
      if (kind === "report" && this.cases.has(caseId) && !same) return problem(409, "case-exists")
      if (kind === "follow-up" && mailbox?.[0] !== caseId) return problem(404, "unknown-mailbox")
      const id = createHash("sha256").update(`${this.uploads.size}`).digest("hex").slice(0, 32)
      const upload = { token, kind, caseId, length, bytes: Buffer.alloc(0), finished: false }
      this.uploads.set(id, upload)
      return this.#append(upload, body, 201, { Location: `/api/v1/uploads/${id}` })
    }
    const upload = this.uploads.get(/^\/api\/v1\/uploads\/([0-9a-f]{32})$/.exec(path)?.[1] ?? "")
    if (upload === undefined || upload.token !== token) return problem(404, "not-found")
    if (method === "HEAD")
      return { status: 200, headers: { "Upload-Offset": String(upload.bytes.length), "Upload-Length": String(upload.length) } }
    if (method === "DELETE") {
      if (upload.finished) return problem(409, "finished")
      this.uploads.delete(path.slice(-32))
      return { status: 204 }
    }
    if (method !== "PATCH") return problem(405, "method-not-allowed")
    if (headers["content-type"] !== "application/offset+octet-stream") return problem(415, "media-type")
    if (upload.finished) return problem(409, "finished")
    if (Number(headers["upload-offset"]) !== upload.bytes.length) return problem(409, "offset-mismatch")
    if (upload.bytes.length + body.length > upload.length) return problem(413, "too-large")
    return this.#append(upload, body, 204, {})
  }

  #append(upload: StoredUpload, body: Buffer, status: number, headers: Record<string, string>) {
    upload.bytes = Buffer.concat([upload.bytes, body])
    if (upload.bytes.length === upload.length && !upload.finished) {
      if (!upload.bytes.subarray(0, 22).equals(Buffer.from("age-encryption.org/v1\n"))) return problem(422, "not-sealed")
      const stored = this.cases.get(upload.caseId) ?? { token: upload.token, messages: [] }
      this.cases.set(upload.caseId, stored)
      if (!stored.messages.some(({ blob }) => blob.equals(upload.bytes)))
        stored.messages.push({ direction: "to-office", blob: upload.bytes, day: "2026-03-21" })
      upload.finished = true
    }
    return { status, headers: { ...headers, "Upload-Offset": String(upload.bytes.length) } }
  }
}

function problem(status: number, word: string) {
  return {
    status,
    headers: { "Content-Type": "application/problem+json" },
    body: Buffer.from(JSON.stringify({ type: `urn:mohr:problem:${word}`, title: word, status })),
  }
}
