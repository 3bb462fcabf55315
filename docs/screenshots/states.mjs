// Takes pictures of every state that a reporter can come to, to be looked at and thrown away: node docs/screenshots/states.mjs
// FOLDER [fa|en] (MOHR_BIN names the binary, as for the browser tests). Each state is reached once a language and then
// taken in each size and colour scheme. Some states need a server that lies: they are made as the browser tests make them.

import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { launch } from "../../tests/browser/drivers/driver.mjs"
import { photo } from "../../tests/browser/harness/files.mjs"
import { startHostileOffice } from "../../tests/browser/harness/hostile.mjs"
import { lifetime } from "../../tests/browser/harness/mohr.mjs"
import { enterCode, fillReport, openCase, problem, readReceipt } from "../../tests/browser/harness/pages.mjs"
import {
  encodeArchive,
  erasureOrder,
  newRecipient,
  newSigner,
  openBlob,
  seal,
  sealEntries,
  sha256,
  today,
} from "../../tests/browser/harness/protocol.mjs"
import { problem as refusal } from "../../tests/browser/harness/proxy.mjs"

const WIDTHS = [320, 390, 768, 1280]
const SCHEMES = ["light", "dark"]
const WORDS = {
  fa: {
    report:
      "در باجهٔ ۳ صدور پروانه برای هر امضا پول می‌خواهند. من که کارمند همان‌جا هستم روز ۱۴۰۵/۰۸/۱۲ ساعت ۱۰:۳۰ دیدم. شماره‌ام 09123456789 است و ایمیلم ali@example.com.",
    place: "طبقهٔ دوم، روبه‌روی آسانسور (اتاق 214)",
    reply: "گزارش شما را خواندیم. لطفاً بگویید این کار در کدام نوبت انجام می‌شود؟\n\nشمارهٔ نامهٔ ما INT-2026/118 است.",
    answer: "صبح‌ها، پیش از ساعت ۱۰.",
    rule: "مادهٔ ۱۲ آیین‌نامه: هزینهٔ صدور پروانه ۱٬۲۵۰٬۰۰۰ ریال است و با رسید دریافت می‌شود.",
    role: "بازرس تازهٔ واحد خدمات شهری",
  },
  en: {
    report:
      "At permit desk 3 they ask for money for every signature. I work there and saw it on 3 November at 10:30. My number is 09123456789, my mail ali@example.com.",
    place: "Second floor, opposite the lift (room 214)",
    reply: "We have read your report. Please tell us in which shift this happens.\n\nOur letter is INT-2026/118.",
    answer: "In the mornings, before ten.",
    rule: "Article 12: a permit costs 1,250,000 rials, against a receipt.",
    role: "The new inspector for municipal services",
  },
}
const dayBefore = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

const [folder = "states", only] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const life = lifetime()
const office = await startHostileOffice(life)
const { proxy } = office
for (const language of only ? [only] : ["fa", "en"]) {
  const words = WORDS[language]
  const home = `${proxy.url}/${language}/`
  const page = await launch("chromium", { t: life })
  const honest = () => {
    proxy.alter = () => {}
    proxy.answer = () => null
  }
  let count = 0
  /// The state as it stands, in every size.
  async function take(name, browser = page) {
    await browser.quiet()
    const number = String((count += 1)).padStart(2, "0")
    for (const scheme of SCHEMES)
      for (const width of WIDTHS) {
        await browser.page.viewport(width, 800)
        await browser.page.colorScheme(scheme)
        await browser.evaluate(() => window.scrollTo(0, 0))
        // Until colours have come to rest.
        await sleep(200)
        await browser.screenshot(join(folder, `${language}-${width}-${scheme}-${number}-${name}.png`))
      }
    console.log(language, number, name)
  }
  /// A state that cannot be reached is said and keeps no other from being taken.
  async function state(name, reach) {
    try {
      honest()
      await reach()
      await take(name)
    } catch (error) {
      console.log(language, name, "NOT REACHED", String(error.message).slice(0, 400))
    }
  }

  await state("home", async () => {
    await page.open(home)
    await page.waitFor("[data-office=name]")
  })

  // The questions, each as it comes, then as it looks when nothing was answered.
  const { path: picture } = await photo(folder, "عکس باجه IMG_2031.jpg", { bytes: 60_000, artist: "ali" })
  const broken = join(folder, "broken.pdf")
  await writeFile(broken, "%PDF-1.7 nothing else")
  const odd = join(folder, "notes.xyz")
  await writeFile(odd, "some bytes")
  async function toCheck({ isTaken = false } = {}) {
    await page.open("about:blank")
    await fillReport(page, home, {
      text: words.report,
      onStep: async (step) => {
        if (isTaken && step !== "check") await take(`step-${step}`)
        if (!isTaken || step === "doors" || step === "check") return
        if (step === "kind") {
          await page.click("#next")
          await page.quiet()
          await take(`step-${step}-missing`)
        }
        if (step === "conflict") {
          await page.click('#step input[value="yes"] + label, #step label[for$="-yes"]')
          await take("step-conflict-yes")
          await page.evaluate(() => document.querySelectorAll("#step input[type=checkbox]").forEach((box) => box.click()))
          await take("step-conflict-everybody")
          await page.evaluate(() => document.querySelectorAll("#step input[type=checkbox]").forEach((box) => box.click()))
        }
        if (step === "place") await page.fill("#step textarea, #step input[type=text]", words.place).catch(() => {})
        if (step === "evidence") {
          await page.setFiles("#files", [picture, broken, odd])
          await page.quiet()
          await take("step-evidence-files")
        }
      },
    })
  }
  await state("check", () => toCheck({ isTaken: true }))

  let release
  await state("sending", async () => {
    proxy.answer = (request) =>
      request.method === "POST" && request.path.includes("/uploads") ? new Promise((done) => (release = () => done(null))) : null
    await page.click("#send")
    await page.waitUntil(() => release !== undefined, { what: "an upload" })
  })
  await state("receipt", async () => {
    release?.()
    await page.waitFor("#receipt")
  })
  const code = await readReceipt(page)
  await state("receipt-wrong", async () => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)))
    await page.fill("#receipt-check", code.endsWith("0000") ? "1111" : "0000")
    await page.click("#receipt-done")
  })
  await state("farewell", async () => {
    await page.fill("#receipt-check", code.slice(-4))
    await page.click("#receipt-done")
    await page.waitFor("#receipt", { state: "hidden" })
  })
  for (const [name, answer] of [
    ["sending-full", () => refusal(507, "storage-full")],
    ["sending-away", () => refusal(502, "")],
  ])
    await state(name, async () => {
      await toCheck()
      proxy.answer = (request) => (request.path.includes("/uploads") ? answer() : null)
      await page.click("#send")
      await page.waitFor("#problem[data-reason], [role=alert]:not(:empty)")
    })

  // Coming back.
  await state("code", async () => {
    await page.open("about:blank")
    await page.open(`${home}status`)
    await page.waitFor("#code")
  })
  await state("code-wrong", async () => {
    await page.fill("#code", "1234 5678 9012 3456 7890 1234 5678 9012")
    await page.click("#open")
    await problem(page)
  })
  await state("code-unknown", async () => {
    await enterCode(page, home, "0".repeat(30) + "01")
    await problem(page)
  })
  const withMailbox = (sent, options) => async () => {
    office.serveMailbox(sent, options)
    await page.open("about:blank")
    await openCase(page, home, office.code)
  }
  const { report, inspectors } = office
  const change = { language, status: "awaiting-your-reply" }
  const files = [{ name: "نامهٔ شماره 118 (final).pdf", type: "application/pdf", bytes: Buffer.alloc(34_567) }]
  const reply = await office.sealReply({ text: words.reply, files, change })
  const own = await office.sealFollowUp({ text: words.answer, after: [reply] })
  await state("nothing-yet", withMailbox([report]))
  await state("answered", withMailbox([report, reply, own]))
  const outcome = { id: "no-violation", rule: words.rule }
  const closed = await office.sealReply({ text: words.reply, after: [reply, own], change: { language, status: "closed", outcome } })
  await state("closed", withMailbox([report, reply, own, closed]))

  // Everything that is not believed, and every warning beside what is.
  const forged = await office.sealReply({ text: words.reply, signer: newSigner() })
  const damaged = { ...reply, blob: Buffer.from(reply.blob) }
  damaged.blob[damaged.blob.length - 100] ^= 1
  const again = { kind: "reply", blob: await seal(await openBlob(reply.blob, office.keys.identity), office.toReporter) }
  const newer = await office.sealReply({ text: words.reply, change: { extensions: { "must-see": "" } } })
  const gone = await office.sealReply({ text: "erased" })
  const lost = await office.sealReply({ text: "lost" })
  const [first_json, second_json] = sealEntries(office.reply({ text: words.reply }), [], newSigner())
  const strange = { kind: "follow-up", blob: await seal(encodeArchive([first_json, second_json]), office.toReporter) }
  const notHers = { ...strange, memo: report.memo }
  const order = erasureOrder(
    office.profile.office,
    office.caseId,
    [{ position: 5, sha256: sha256(gone.blob).toString("hex") }],
    [inspectors[0]],
  )
  const later = await office.sealReply({ text: words.reply, after: [forged], change: { language, status: "under-investigation" } })
  const hersLater = await office.sealFollowUp({ text: words.answer, after: [forged] })
  const sent = [report, reply, forged, damaged, again, { ...gone, gone: true }, { ...lost, gone: true }, newer, notHers, strange, later]
  await state("unbelieved", withMailbox([...sent, hersLater], { orders: [order] }))

  const until = dayBefore(1)
  const stolen = office.nextProfile((document) => {
    const [entry] = document.inspectors
    document.former.push({ id: entry.id, epoch: 1, signer: entry.signer, until, why: "stolen", extensions: {} })
    Object.assign(entry, { epoch: 2, signer: newSigner().publicKey })
  })
  await state("doubtful", withMailbox([report, reply], { note: stolen.note }))
  const two = office.nextProfile((document) => {
    document.two_persons = [{ id: "knowingly-false", since: today() }]
  })
  const alone = await office.sealReply({ text: words.reply, change: { language, status: "closed", outcome: { id: "knowingly-false" } } })
  await state("second-missing", withMailbox([report, alone], { note: two.note }))
  const one = await office.sealReply({ text: words.reply, change: { language, status: "referred" } })
  const other = await office.sealReply({ text: words.reply, change: { language, status: "under-investigation" } })
  await state("concurrent", withMailbox([report, one, other]))

  // Whom she writes to.
  const ask = { ...own, memo: undefined }
  await state("asked-again", withMailbox([report, reply, ask]))
  await state("asked-again-missing", async () => {
    await withMailbox([report, reply, ask])()
    await page.fill("#reply-text", words.answer)
    await page.click("#reply-send")
  })
  await state("report-unknown", withMailbox([{ ...report, memo: undefined }, reply]))
  const entry = {
    ...{ id: "newcomer", joined: 2, epoch: 1, role: { fa: WORDS.fa.role, en: WORDS.en.role }, extensions: {} },
    ...{ recipient: await newRecipient(), signer: newSigner().publicKey },
  }
  const next = office.nextProfile((document) => document.inspectors.push(entry))
  const named = { language, readers: ["inspector-1", "inspector-2", "newcomer"], profile: next.stamp }
  const offer = await office.sealReply({ text: words.reply, change: named })
  await state("offered-missing", async () => {
    await withMailbox([report, offer], { note: next.note })()
    await page.click("#leave-out-more summary")
    await page.fill("#reply-text", words.answer)
    await page.setFiles("#reply-files", [picture])
    await page.click("#reply-send")
  })
  await state("reply-empty", async () => {
    await withMailbox([report, reply])()
    await page.click("#reply-send")
  })
  await state("profile-older", withMailbox([report, offer]))
  const differs = { language, profile: { version: office.profile.version, digest: "0".repeat(64) } }
  await state("profile-differs", withMailbox([report, await office.sealReply({ text: words.reply, change: differs })]))
  const expired = office.nextProfile((document) => Object.assign(document, { issued: dayBefore(100), expires: dayBefore(1) }))
  await state("status-expired", withMailbox([report, reply], { note: expired.note }))
  await state("dropped", async () => {
    office.serveMailbox([], { dropped: true })
    await enterCode(page, home, office.code)
    await page.waitFor("#dropped")
  })
  await state("reply-sent", async () => {
    await openCase(page, home, code)
    await page.fill("#reply-text", words.answer)
    await page.click("#reply-send")
    await page.waitFor("#reply-sent")
  })

  // Pages that have no office to trust.
  const note = await readFile(office.demo.profile, "utf8")
  for (const [name, served, fragment] of [
    ["report-expired", expired.note, ""],
    ["report-forged", note.replace(office.profile.inspectors[0].recipient, await newRecipient()), ""],
    ["report-foreign", note, `#office=${"0".repeat(32)}`],
    ["report-garbage", "garbage", ""],
  ])
    await state(name, async () => {
      proxy.alter = (request, response) => {
        if (request.path === "/api/v1/profile") response.body = Buffer.from(served)
      }
      await page.open("about:blank")
      await page.open(`${home}report${fragment}`)
      await problem(page)
    })
  await state("home-expired", async () => {
    proxy.alter = (request, response) => {
      if (request.path === "/api/v1/profile") response.body = Buffer.from(expired.note)
    }
    await page.open("about:blank")
    await page.open(home)
    await problem(page)
  })
  await state("not-found", () => page.open(`${home}nothing-here`))
  await page.close()

  const plain = await launch("chromium", { t: life, javascript: false })
  honest()
  for (const name of ["", "report", "status", "sealed"]) {
    await plain.open(home + name)
    await take(`without-scripts-${name || "home"}`, plain)
  }
  for (const name of ["sealed-sent", "sealed-refused"]) {
    await plain.open(`${home}sealed`)
    const good = await seal(Buffer.alloc(600), office.toInspectors)
    const path = join(folder, "report.age")
    await writeFile(path, name === "sealed-sent" ? good : "no age file")
    await plain.setFiles("#sealed", [path])
    await plain.evaluate(() => document.querySelector("#send-sealed").focus())
    await plain.press("Enter")
    await plain.waitFor("#sealed", { state: "hidden" })
    await take(`without-scripts-${name}`, plain)
  }
  await plain.close()
}
await life.end()
