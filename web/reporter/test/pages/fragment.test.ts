import assert from "node:assert/strict"
import { test } from "node:test"
import { officeIn } from "../../src/pages/parts/fragment"

const ID = "0123456789abcdef0123456789abcdef"
const GROUPS = ID.match(/.{4}/g) ?? []

test("an office id is read as hands and messengers leave it", () => {
  const spaces = [" ", "%20", "+", "\u00a0", "%C2%A0", "%2520"]
  for (const space of spaces) assert.equal(officeIn(`#office=${GROUPS.join(space)}${space}`), ID, JSON.stringify(space))
  assert.equal(officeIn(`#door=report&office=${ID.toUpperCase()}`), ID)
  assert.equal(officeIn(`#office=${ID}&office=${GROUPS.join("+")}`), ID)
})

test("no office is none, and a broken one is not none", () => {
  for (const hash of ["", "#", "#door=report", "#step-title"]) assert.equal(officeIn(hash), undefined)
  for (const office of ["", "0", ID.slice(1), `${ID}0`, `${ID}.`, `${ID}&office=${"f".repeat(32)}`, `${ID}&office=`]) {
    const given = officeIn(`#office=${office}`)
    assert.ok(given !== undefined && !/^[0-9a-f]{32}$/.test(given), office)
  }
})
