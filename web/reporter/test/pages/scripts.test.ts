import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { createScripts, type Scripts } from "../../src/pages/parts/scripts"

type Attempt = "cut" | "half" | "never" | object

const core = { openMailbox: true }
let scripts: Scripts
let addresses: string[]
let waits: number[]

beforeEach(() => {
  addresses = []
  waits = []
  Object.assign(globalThis, { document: { body: { dataset: { core: "/assets/C.js", warn: "/assets/W.js" } } } })
  scripts = createScripts()
})

/** A line on which each request for a part goes as told; after that, all go well. */
function line(...attempts: Attempt[]) {
  return {
    importAt: async (address: string): Promise<object> => {
      addresses.push(address)
      const attempt = attempts.shift() ?? core
      if (attempt === "cut") throw new TypeError("error loading dynamically imported module")
      if (attempt === "never") return new Promise(() => {})
      return attempt === "half" ? {} : attempt
    },
    wait: (milliseconds: number) => {
      waits.push(milliseconds)
      // A timer comes after everything that is there already.
      return new Promise<undefined>((resume) => setTimeout(() => resume(undefined), 5))
    },
  }
}

test("a part that arrived is asked for once", async () => {
  const asking = line()
  const [one, other] = await Promise.all([scripts.loadPart("core", asking), scripts.loadPart("core", asking)])
  assert.equal(one, core)
  assert.equal(other, core)
  assert.equal(await scripts.loadPart("core", asking), core)
  assert.deepEqual(addresses, ["/assets/C.js"])
})

for (const fault of ["cut", "half", "never"] as const) {
  test(`a part that was ${fault === "never" ? "never answered" : fault} is asked for under another address`, async () => {
    assert.equal(await scripts.loadPart("core", line(fault)), core)
    assert.deepEqual(addresses, ["/assets/C.js", "/assets/C.js?1"])
    assert.equal(waits.includes(30_000), true)
  })
}

test("after several tries it is told, and the next press asks anew", async () => {
  await assert.rejects(scripts.loadPart("core", line("cut", "half", "cut")), { reason: "server-away" })
  assert.equal(await scripts.loadPart("core", line()), core)
  assert.deepEqual(addresses, ["/assets/C.js", "/assets/C.js?1", "/assets/C.js?2", "/assets/C.js?3"])
})

test("one that is slow and comes after all counts", async () => {
  let arrive: (part: object) => void = () => {}
  const late = new Promise<object>((resolve) => {
    arrive = resolve
  })
  const attempts = [late, new Promise<object>(() => {})]
  const asking = {
    importAt: (address: string) => {
      addresses.push(address)
      return attempts.shift() ?? Promise.reject(new Error("a third"))
    },
    wait: () => {
      // The first silence, the pause after it, and then, in the second silence, the first comes.
      waits.push(0)
      if (waits.length < 3) return Promise.resolve(undefined)
      arrive({ late: true })
      return new Promise<undefined>(() => {})
    },
  }
  assert.deepEqual(await scripts.loadPart("core", asking), { late: true })
  assert.deepEqual(addresses, ["/assets/C.js", "/assets/C.js?1"])
})

test("one part does not wait for another", async () => {
  const stuck = scripts.loadPart("core", { importAt: () => new Promise(() => {}), wait: () => new Promise(() => {}) })
  assert.equal(await scripts.loadPart("warn", line()), core)
  await Promise.race([stuck, Promise.resolve()])
})
