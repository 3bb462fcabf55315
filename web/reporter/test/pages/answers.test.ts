import assert from "node:assert/strict"
import { test } from "node:test"

Object.assign(globalThis, { document: { documentElement: { lang: "fa" } } })
const { Answers, isDoor } = await import("../../src/pages/report/answers")
const { DOORS, fieldsOf, isRequired, stepsOf } = await import("../../src/pages/report/questions")

test("a report has the thirteen questions, kind first", () => {
  const steps = stepsOf("report", true)
  assert.equal(steps.length, 13)
  assert.deepEqual(steps.filter(isRequired), ["kind", "text", "place", "who"])
  assert.deepEqual(stepsOf("report", false), steps.slice(1))
})

test("every door asks for the text, and every question has a field to speak for it", () => {
  for (const door of DOORS) {
    assert.ok(stepsOf(door, true).includes("text"))
    for (const step of stepsOf(door, true)) assert.ok(fieldsOf(door, step).length > 0, `${door} ${step}`)
  }
})

test("an answer goes under its question, what was passed over goes nowhere, and the text is no answer", () => {
  const answers = new Answers()
  answers.values.set("kind", "bribery").set("text", "  رشوه‌خواری\n").set("district", "district-3").set("who", "   ")
  assert.deepEqual(answers.list(true), [
    { question: "kind", answer: "bribery" },
    { question: "district", answer: "district-3" },
  ])
  assert.equal(answers.text(), "  رشوه‌خواری\n", "not a character is altered")
})

test("«I don't know» is an empty answer and keeps what was typed for another mind", () => {
  const answers = new Answers()
  answers.values.set("who", "رئیس").set("text", "متن")
  answers.unknown.add("who").add("text").add("place")
  assert.deepEqual(answers.list(true), [
    { question: "place", answer: "" },
    { question: "who", answer: "" },
  ])
  assert.equal(answers.text(), "")
  answers.unknown.clear()
  assert.equal(answers.text(), "متن")
  assert.deepEqual(answers.list(true), [{ question: "who", answer: "رئیس" }])
})

test("answers of another door are not sent", () => {
  const answers = new Answers()
  answers.values.set("demand", "پول").set("text", "متن").set("expect", "عذرخواهی")
  answers.door = "information-request"
  assert.deepEqual(answers.list(true), [])
  assert.deepEqual(answers.freeWords(), ["متن"])
})

test("somebody is left out only where the question was answered with yes", () => {
  const answers = new Answers()
  answers.leftOut.add("district")
  assert.deepEqual(answers.leftOutIds(), [])
  answers.values.set("conflict", "yes")
  assert.deepEqual(answers.leftOutIds(), ["district"])
  answers.unknown.add("conflict")
  assert.deepEqual(answers.leftOutIds(), [])
  answers.unknown.clear()
  answers.door = "suggestion"
  assert.deepEqual(answers.leftOutIds(), [], "this door does not ask")
})

test("choices alone say nothing to an inspector", () => {
  const answers = new Answers()
  answers.values.set("kind", "bribery").set("when", "last-month")
  assert.equal(answers.saysSomething(), false)
  answers.values.set("verify", "دوربین راهرو")
  assert.equal(answers.saysSomething(), true)
})

test("forgetting leaves nothing", () => {
  const answers = new Answers()
  answers.values.set("text", "متن")
  answers.leftOut.add("a")
  answers.unknown.add("who")
  assert.equal(answers.isEmpty(), false)
  answers.forget()
  assert.equal(answers.isEmpty(), true)
  assert.deepEqual(answers.draft(true).answers, [])
})

test("a door is one of four words", () => {
  assert.equal(isDoor("complaint"), true)
  for (const word of [null, "", "toString", "<script>"]) assert.equal(isDoor(word), false)
})
