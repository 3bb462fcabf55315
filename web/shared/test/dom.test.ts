import assert from "node:assert/strict"
import { test } from "node:test"
import { hearsPress, once } from "../src/dom"

/** As much of an element as a press needs. */
function element() {
  const attributes = new Map<string, string>()
  return Object.assign({} as HTMLElement, {
    setAttribute: (name: string, value: string) => void attributes.set(name, value),
    removeAttribute: (name: string) => void attributes.delete(name),
    getAttribute: (name: string) => attributes.get(name) ?? null,
  })
}

test("work that is pressed three times is done once, and shows for as long as it lasts", async () => {
  const pressed = element()
  let done = 0
  let end: () => void = () => {}
  const work = () => {
    done += 1
    return new Promise<void>((resolve) => {
      end = resolve
    })
  }
  assert.deepEqual([once(pressed, work), once(pressed, work), once(pressed, work)], [true, false, false])
  assert.equal(done, 1)
  assert.equal(pressed.getAttribute("aria-busy"), "true")
  end()
  await new Promise((resume) => setTimeout(resume))
  assert.equal(pressed.getAttribute("aria-busy"), null)
  assert.equal(once(pressed, work), true)
  assert.equal(done, 2)
})

test("work that throws at once leaves the element free", () => {
  const pressed = element()
  const fail = () => {
    throw new Error("at once")
  }
  assert.throws(() => once(pressed, fail), /at once/)
  assert.throws(() => once(pressed, fail), /at once/)
})

test("an impatient finger presses once, however long it goes on", async (t) => {
  let now = 0
  t.mock.method(performance, "now", () => now)
  const [one, other] = [element(), element()]
  const heard = [0, 400, 800, 1200].map((time) => {
    now = time
    return hearsPress(one)
  })
  assert.deepEqual(heard, [true, false, false, false])
  assert.equal(hearsPress(other), true)
  now = 2000
  assert.equal(hearsPress(one), true)
})
