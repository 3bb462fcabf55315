// The report page: one question after another, a look at all answers, sending, the receipt.

import { text, textOf } from "#shared/texts"
import { button, byId, focusHeading, h, icon } from "#shared/dom"
import { showClock } from "./parts/clock"
import { armExit, exit } from "./parts/exit"
import { releasePictures } from "./parts/file-list"
import { number } from "#shared/format"
import { carryFragment, fillOffice, fragment, loadOffice, office, profileNow, watchFragment, type Office } from "./parts/office"
import { bringWords, clearProblem, isDistrusted, reasonOf, showProblem, tryAgain } from "./parts/problem"
import { start } from "./parts/start"
import { beginVisit, currentDepth, guardLeaving, leave, onStep, pushStep, stepBack } from "./parts/visit"
import { prepareWarnings } from "./parts/warning"
import { Answers, isDoor } from "./report/answers"
import { checkView } from "./report/check"
import { doorsView, refusalOf, stepView } from "./report/steps"
import { wordsOf, type QuestionId, type StepId } from "./report/questions"
import { receiptView } from "./report/receipt"
import { sendingView } from "./report/sending"

type View = StepId | "sending" | "receipt"

const answers = new Answers()
const place = byId("step")
const back = byId("back")
/** With the office of the fragment, once it was carried there. */
const homeUrl = () => document.querySelector<HTMLAnchorElement>("a.brand")?.href ?? location.origin

/** Which step stands at which depth of the history. After a reload nothing is known, and the first step is shown. */
const stepAtDepth = new Map<number, StepId>()
let view: View = "doors"
/** Set while an answer is changed from the last page, to which the next press leads back. */
let changing = false
/** «Send» was pressed, and what seals has not come yet. Whoever goes elsewhere meanwhile has changed her mind. */
let awaited = false
const isAwaited = () => awaited
/** From sending on there is no way back to the questions. */
let locked = false

const door = fragment().get("door")

start()
bringWords((reason) => textOf("problem-typed", reason))
armExit()
if (beginVisit(homeUrl)) begin()
else exit()

function begin(): void {
  onStep((depth) => {
    if (locked) return void pushStep()
    const step = stepAtDepth.get(depth) ?? firstStep()
    changing = false
    show(steps().includes(step) ? step : firstStep())
  })
  guardLeaving(() => {
    if (view === "sending") return text("leave.sending")
    if (view === "receipt") return locked ? text("leave.receipt") : null
    return answers.isEmpty() ? null : text("leave.typed")
  })
  document.addEventListener("mohr:vanish", () => answers.forget())
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault())
  back.addEventListener("click", () => (currentDepth() > 1 ? stepBack() : leaveHome()))

  if (isDoor(door)) {
    answers.door = door
    const rest = fragment()
    rest.delete("door")
    history.replaceState(history.state, "", rest.toString() === "" ? location.pathname : `#${rest}`)
  }
  carryFragment()
  watchFragment(() => view !== "sending" && view !== "receipt" && answers.isEmpty())
  askOffice()
  show(firstStep())
}

/** Who came through a door of the home page need not choose it again. */
function firstStep(): StepId {
  return isDoor(door) ? (steps()[1] ?? "doors") : "doors"
}

function withKinds(): boolean {
  return (profileNow()?.kinds.length ?? 1) > 0
}

function steps(): StepId[] {
  return answers.steps(withKinds())
}

function askOffice(): void {
  loadOffice().then(
    (profile) => {
      clearProblem()
      showClock(profile.clock)
      byId("asking").hidden = false
      document.dispatchEvent(new Event("mohr:office"))
      // Fetched while the person reads and writes, so that sending need not wait for it.
      office().then(
        () => document.dispatchEvent(new Event("mohr:core")),
        () => {},
      )
      void prepareWarnings()
      if (view === "kind" && profile.kinds.length === 0) show(firstStep())
    },
    (error: unknown) => {
      const reason = reasonOf(error)
      const distrusted = isDistrusted(reason)
      // A clock can be put right, and then the same page will do.
      showProblem(reason, distrusted && reason !== "profile-clock" ? {} : { action: tryAgain(askOffice) })
      byId("asking").hidden = distrusted
    },
  )
}

function leaveHome(): void {
  if (answers.isEmpty() || window.confirm(text("leave.typed"))) leave(homeUrl())
}

function goTo(step: StepId): void {
  const depth = pushStep()
  for (const known of stepAtDepth.keys()) if (known >= depth) stepAtDepth.delete(known)
  stepAtDepth.set(depth, step)
  show(step)
}

function next(): void {
  const order = steps()
  const following = changing ? "check" : (order[order.indexOf(view as StepId) + 1] ?? "check")
  changing = false
  goTo(following)
}

function show(step: StepId): void {
  view = step
  awaited = false
  document.body.dataset["step"] = step
  releasePictures(place)
  if (profileNow() !== undefined) clearProblem()
  showCount(step)
  // The marks of a slow line come when they come; the answers do not wait for them.
  if (step === "check")
    void prepareWarnings().then(
      () => view === "check" && !awaited && place.querySelector("mark") === null && place.replaceChildren(checkStep()),
    )
  place.replaceChildren(step === "doors" ? doorsStep() : step === "check" ? checkStep() : questionStep(step))
  fillOffice()
  focusHeading(place)
}

function showCount(step: StepId): void {
  const order = steps()
  const questions = order.length - 2
  const index = order.indexOf(step)
  const counted = index > 0 && index <= questions
  byId("count").textContent = counted ? text("steps.count", { index: number(index), count: number(questions) }) : ""
  const line = byId("count-line") as HTMLProgressElement
  line.max = questions + 1
  line.value = index
}

/** Choosing a door is going through it. */
function doorsStep(): HTMLElement {
  return h(
    "div",
    { class: "stack" },
    h("h1", {}, text("doors.title")),
    h("p", { class: "hint" }, text("doors.hint")),
    h("p", { class: "to", "data-needs-office": true, hidden: true }, icon("seal"), h("bdi", { "data-office": "name" })),
    doorsView((chosen) => {
      answers.door = chosen
      next()
    }),
  )
}

/** A question: heading, hint, fields, and the ways on. */
function questionStep(step: QuestionId): HTMLElement {
  const words = wordsOf(answers.door, step)
  const error = h("p", { class: "error", id: "step-error", role: "alert" })
  error.hidden = true
  const form = h(
    "form",
    { novalidate: true, autocomplete: "off" },
    h("h1", { id: "step-title" }, textOf("question", `${words}.title`)),
    h("p", { class: "hint", id: "step-hint" }, textOf("question", `${words}.hint`)),
    h("div", { class: "stack step-fields" }, error, ...stepView(step, answers)),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "submit", class: "button", id: "next" }, changing ? text("steps.to-check") : text("steps.next")),
      button(text("steps.unknown"), { class: "button button-quiet", id: "unknown" }, () => {
        answers.unknown.add(step)
        next()
      }),
    ),
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    answers.unknown.delete(step)
    const refusal = refusalOf(step, answers)
    if (refusal === null) return next()
    error.textContent = refusal
    error.hidden = false
    const field = form.querySelector<HTMLElement>("textarea, select, input")
    field?.setAttribute("aria-invalid", "true")
    field?.setAttribute("aria-describedby", `step-error ${field.getAttribute("aria-describedby") ?? ""}`.trim())
    field?.focus()
  })
  return form
}

function checkStep(): HTMLElement {
  return checkView(answers, withKinds(), {
    onChange: (step) => {
      changing = true
      goTo(step)
    },
    onSend: send,
  })
}

async function send(): Promise<void> {
  const missing = steps().find((step) => refusalOf(step, answers) !== null)
  if (missing !== undefined) {
    changing = true
    return goTo(missing)
  }
  clearProblem()
  awaited = true
  try {
    const loaded = await office()
    if (isAwaited()) sendTo(loaded)
  } catch (error) {
    if (isAwaited()) showProblem(reasonOf(error))
  } finally {
    awaited = false
  }
}

function sendTo(loaded: Office): void {
  clearProblem()
  view = "sending"
  locked = true
  // Who takes the sending back finds the answers again, with Back as well.
  stepAtDepth.set(pushStep(), "check")
  document.body.dataset["step"] = "sending"
  back.hidden = true
  byId("count").textContent = ""
  byId("count-line").hidden = true
  const shown = sendingView(loaded, answers, withKinds(), {
    onSent: (code, unwanted) => receipt(loaded, code, unwanted),
    onCancel: () => {
      locked = false
      back.hidden = false
      byId("count-line").hidden = false
      goTo("check")
    },
  })
  place.replaceChildren(shown)
  focusHeading(place)
}

function receipt(loaded: Office, code: string, unwanted: boolean): void {
  const door = answers.door
  answers.forget()
  view = "receipt"
  document.body.dataset["step"] = "receipt"
  place.replaceChildren(
    receiptView(loaded, code, door, () => {
      locked = false
      place.replaceChildren(farewell())
      focusHeading(place)
    }),
  )
  if (unwanted)
    place
      .querySelector("h1")
      ?.after(h("p", { class: "note note-warn", id: "arrived-anyway", role: "status" }, text("receipt.arrived-anyway")))
  focusHeading(place)
}

/** The last words, when the code is kept and the page holds nothing any more. */
function farewell(): HTMLElement {
  return h(
    "div",
    { class: "stack", id: "farewell" },
    h("h1", {}, text("farewell.title")),
    h("p", { class: "lead" }, text("farewell.more")),
    h("p", { class: "note" }, text("farewell.traces")),
    h("div", { class: "actions" }, h("a", { class: "button button-quiet", href: homeUrl() }, text("farewell.home"))),
  )
}
