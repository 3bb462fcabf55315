// PDF by kinds of places: what hides, what leads outside, what no viewer reads, and files that viewers put in order first.

import assert from "node:assert/strict"
import { test } from "node:test"
import { constants, deflateSync, inflateSync } from "node:zlib"
import { classic, letter, packed, stream, TRAILER, update, type Objects } from "./pdf-parts"
import { screenProfile } from "./picture-parts"
import { assertNoCanary, assertStable, cleanBytes, pages, picture, tool, withTags, type Result } from "./support"

const ROOT = "/Root 1 0 R"
/** Nothing to remove in it. */
const bare = (more: Objects = {}, catalogue = "", page = "", resources = ""): Objects => {
  const { 6: _, ...objects } = letter(more, catalogue, page, resources)
  return objects
}

/** `isDrawn`: Poppler draws the original as well. */
async function cleaned(original: Buffer, isDrawn = true): Promise<Result> {
  const result = await cleanBytes(original)
  assert.ok(["cleaned", "partly", "nothing-found"].includes(result.outcome), `${result.outcome} ${result.reason}`)
  if (isDrawn) assert.ok(pages(result.bytes).equals(pages(original)), "the pages look different")
  await assertStable(result)
  return result
}

// ---- colour profiles

test("a screen's profile in a PDF loses its names, and is said to stay", async () => {
  const profile = screenProfile("CANARY-PERSON's MacBook", "mmod")
  const resources = "/ColorSpace <</CS0 [/ICCBased 7 0 R]>>"
  const intent =
    "/OutputIntents [<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (CANARY) /OutputCondition (CANARY) /RegistryName (http://CANARY) /Info (CANARY) /DestOutputProfile 7 0 R>>]"
  for (const data of [
    stream("/N 3", profile),
    stream("/N 3 /Filter /FlateDecode", deflateSync(profile)),
    stream("/N 3 /Filter [/ASCIIHexDecode]", `${profile.toString("hex")}>CANARY`),
    stream("/N 3", Buffer.concat([profile, Buffer.from("CANARY behind the profile")])),
    stream("/N 3 /Alternate /DeviceRGB", profile),
  ]) {
    for (const catalogue of ["", intent]) {
      const drawing = stream("", "/CS0 cs 1 0 0 sc 10 10 80 80 re f")
      const original = classic(bare({ 4: drawing, 7: data }, catalogue, "", resources), ROOT)
      const result = await cleaned(original)
      assert.deepEqual([result.outcome, result.remains], ["partly", ["colour-profile"]])
      assert.ok(result.removed.includes("colour-profile-name"))
      assert.doesNotMatch(unpackedText(result.bytes), /CANARY/)
    }
  }
})

// ---- paths

const text = (path: string): string => `(${path.replace(/[\\()]/g, "\\$&")})`
const utf16 = (path: string): string => `<feff${Buffer.from(path, "utf16le").swap16().toString("hex")}>`
const utf8 = (path: string): string => `<efbbbf${Buffer.from(path).toString("hex")}>`
const PATHS = [
  "/C/Users/CANARY/plan.pdf",
  "//FILESERVER/home/CANARY/plan.pdf",
  "C:\\Users\\CANARY\\plan.pdf",
  "C:/Users/CANARY/plan.pdf",
  "\\\\server\\CANARY\\plan.pdf",
  "\\\\?\\C:\\CANARY\\plan.pdf",
  "file:///C:/Users/CANARY/plan.pdf",
  "file:///home/CANARY/plan.pdf",
  "%2FUsers%2FCANARY%2Fplan.pdf",
  "Macintosh HD:Users:CANARY:plan.pdf",
  "../CANARY/plan.pdf",
]
const ACTIONS: [what: string, write: (path: string) => string][] = [
  ["another document", (path) => `/A <</S /GoToR /D [0 /Fit] /F ${path}>>`],
  [
    "another document, by a specification",
    (path) => `/A <</S /GoToR /D [0 /Fit] /F <</Type /Filespec /F ${path} /UF ${path} /DOS ${path} /Mac ${path} /Unix ${path}>> >>`,
  ],
  ["a program", (path) => `/A <</S /Launch /F ${path} /Win <</F ${path} /D ${path}>> >>`],
  ["an address", (path) => `/A <</S /URI /URI ${path}>>`],
  ["a document inside another", (path) => `/A <</S /GoToE /F <</F ${path} /UF ${path}>> /T <</R /C /N (x)>> >>`],
  ["the next of several", (path) => `/A <</S /GoTo /D [3 0 R /Fit] /Next [<</S /Launch /F ${path}>>] >>`],
]

for (const [what, write] of ACTIONS) {
  test(`no folder stays in a link to ${what}`, async () => {
    for (const path of PATHS) {
      for (const spelling of [text, utf16, utf8]) {
        const link = `<</Type /Annot /Subtype /Link /Rect [10 10 30 30] /Border [0 0 0] ${write(spelling(path))}>>`
        const result = await cleanBytes(classic(bare({ 7: link }, "", "/Annots [7 0 R]"), ROOT))
        assert.equal(result.outcome, "cleaned")
        assert.deepEqual(result.removed, ["local-path"], path)
        assert.doesNotMatch(strings(result.bytes), /CANARY/, path)
        assert.match(strings(result.bytes), /plan\.pdf/, path)
      }
    }
  })
}

test("folders without a sign of it go where only a file can be meant; links on the web stay", async () => {
  const link = (action: string): string => `<</Type /Annot /Subtype /Link /Rect [10 10 30 30] /Border [0 0 0] /A ${action}>>`
  const original = classic(
    bare(
      {
        7: link("<</S /GoToR /D [0 /Fit] /F (letters/CANARY/plan.pdf)>>"),
        8: link("<</S /URI /URI (https://example.ir/letters/law.html)>>"),
        9: link("<</S /URI /URI (https://drive.google.com/file/d/abc)>>"),
      },
      "/URI <</Base (file:///home/CANARY/site/)>>",
      "/Annots [7 0 R 8 0 R 9 0 R]",
    ),
    ROOT,
  )
  const result = await cleaned(original)
  assertNoCanary(original, result.bytes)
  assert.match(strings(result.bytes), /https:\/\/example\.ir\/letters\/law\.html/)
  assert.deepEqual(result.remains, ["data-connections"])
})

test("the colours of a palette are no path", async () => {
  const palette = Buffer.from("/C/Users/palette/x").toString("hex")
  const drawing = stream("", "q 60 0 0 40 10 10 cm /I Do Q")
  const image = stream(
    `/Type /XObject /Subtype /Image /Width 2 /Height 1 /BitsPerComponent 8 /ColorSpace [/Indexed /DeviceRGB 5 <${palette}>]`,
    "\0\x03",
  )
  const result = await cleaned(classic(bare({ 4: drawing, 7: image }, "", "", "/XObject <</I 7 0 R>>"), ROOT))
  assert.equal(result.outcome, "nothing-found")
})

// ---- what hides

const LAYER = "/Properties <</L 7 0 R>>"
const layered = (config: string, group = ""): Buffer =>
  classic(
    bare(
      { 4: stream("", "/OC /L BDC 10 10 20 20 re f EMC"), 7: `<</Type /OCG /Name (layer) ${group}>>` },
      `/OCProperties <</OCGs [7 0 R] /D ${config}>>`,
      "",
      LAYER,
    ),
    ROOT,
  )
const boxed = (boxes: string, drawing = "BT /F1 18 Tf 20 100 Td (shown) Tj ET"): Buffer => {
  const objects = bare({ 4: stream("", drawing) })
  objects[3] = String(objects[3]).replace("/MediaBox [0 0 200 200]", boxes)
  return classic(objects, ROOT)
}
const drawn = (drawing: string): Buffer => classic(bare({ 4: stream("", drawing) }), ROOT)
const remark = (flags: number, subtype = "/Square"): Buffer =>
  classic(bare({ 7: `<</Type /Annot /Subtype ${subtype} /Rect [10 10 30 30] /F ${flags}>>` }, "", "/Annots [7 0 R]"), ROOT)

const HIDING: [what: string, bytes: Buffer][] = [
  ["a page that is cropped", boxed("/MediaBox [0 0 400 400] /CropBox [0 0 400 200]")],
  [
    "a crop box of a number elsewhere",
    classic({ ...bare(), 3: String(bare()[3]).replace("/MediaBox", "/CropBox 7 0 R /MediaBox"), 7: "[0 0 200 100]" }, ROOT),
  ],
  ["a crop box of all pages", classic({ ...bare(), 2: "<</Type /Pages /Kids [3 0 R] /Count 1 /CropBox [0 0 50 50]>>" }, ROOT)],
  ["text above the page", drawn("BT /F1 18 Tf 20 300 Td (hidden) Tj ET")],
  ["text below the page", drawn("q 1 0 0 1 0 -500 cm BT /F1 18 Tf 1 0 0 1 20 100 Tm (hidden) Tj ET Q")],
  ["text beside the page, in the next line", drawn("BT /F1 18 Tf 20 100 Td (shown) Tj 900 0 TD [(hid) 3 (den)] TJ ET")],
  ["text without ink", drawn("BT 3 Tr /F1 18 Tf 20 100 Td (hidden) Tj ET")],
  ["text of no size", drawn("BT /F1 0 Tf 20 100 Td (hidden) Tj ET")],
  ["a layer that is off", layered("<</OFF [7 0 R]>>")],
  ["layers that are off unless said otherwise", layered("<</BaseState /OFF>>")],
  [
    "a layer that is not to be seen",
    layered("<</AS [<</Event /View /Category [/View] /OCGs [7 0 R]>>]>>", "/Usage <</View <</ViewState /OFF>> >>"),
  ],
  ["a layer that is not to be printed", layered("<<>>", "/Usage <</Print <</PrintState /OFF>> >>")],
  ["a layer for one size", layered("<<>>", "/Usage <</Zoom <</min 4>> >>")],
  [
    "what is shown while others are not",
    classic(
      bare(
        {
          4: stream("", "/OC /L BDC 10 10 20 20 re f EMC"),
          7: "<</Type /OCG /Name (layer)>>",
          8: "<</Type /OCMD /OCGs 7 0 R /P /AllOff>>",
        },
        "/OCProperties <</OCGs [7 0 R] /D <<>> >>",
        "",
        "/Properties <</L 8 0 R>>",
      ),
      ROOT,
    ),
  ],
  ["a remark that is hidden", remark(2)],
  ["a remark that is only printed", remark(32)],
  ["a field that is hidden", remark(2, "/Widget /FT /Tx /T (a) /V (typed)")],
  ["pages that are templates", classic(bare({}, "/Names <</Templates <</Names [(a) 3 0 R]>> >>"), ROOT)],
]

for (const [what, bytes] of HIDING) {
  test(`a PDF hides, and it is said: ${what}`, async () => {
    assert.ok((await cleaned(bytes)).remains.includes("hidden-content"))
  })
}

for (const [what, bytes] of [
  ["a page that is not cropped", boxed("/MediaBox [0 0 400 400] /CropBox [0 0 400.2 400]")],
  ["text at the edge", drawn("BT /F1 18 Tf -5 195 Td (shown) Tj ET")],
  ["text that is filled again", drawn("q BT 3 Tr ET Q BT 0 Tr /F1 18 Tf 20 100 Td (shown) Tj ET")],
  ["a layer that is on", layered("<</ON [7 0 R] /BaseState /ON /OFF []>>")],
  ["a remark that is printed", remark(4)],
  ["a link that is hidden", remark(2, "/Link /Border [0 0 0]")],
] as const) {
  test(`a PDF hides nothing, and nothing is said: ${what}`, async () => {
    assert.deepEqual((await cleaned(bytes)).remains, [])
  })
}

// ---- what nobody reads

test("keys that no table of the standard has go, wherever they stand", async () => {
  const original = bare(
    {
      7: `<</Type /Annot /Subtype /Square /Rect [1 1 9 9] /Canary (CANARY)>>`,
      8: stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /CanaryForm (CANARY)", "0 0 5 5 re f"),
    },
    "/CanaryCatalogue <</A (CANARY)>> /ViewerPreferences <</CanaryView (CANARY)>>",
    "/Annots [7 0 R] /CanaryPage [(CANARY)]",
    "/XObject <</X 8 0 R>> /CanaryResources (CANARY)",
  )
  original[5] = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /CanaryFont (CANARY)>>"
  original[4] = stream("/CanaryStream (CANARY)", "BT /F1 18 Tf 20 100 Td (What is to be read) Tj ET /X Do")
  for (const write of [classic, packed]) {
    const bytes = write(original, ROOT)
    const result = await cleaned(bytes)
    assert.deepEqual([result.outcome, result.removed], ["cleaned", ["unknown-data"]])
    assert.doesNotMatch(unpackedText(result.bytes), /CANARY/i)
  }
})

test("names that the document gives itself stay", async () => {
  const objects = bare({
    4: stream("", "BT /OwnFont 18 Tf 20 100 Td (What is to be read) Tj ET /OwnForm Do"),
    8: "<</OwnFont 5 0 R>>",
    9: "<</OwnForm 10 0 R>>",
  })
  objects[3] = "<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources <</Font 8 0 R /XObject 9 0 R>> >>"
  objects[10] = stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 5 5 re f")
  const result = await cleaned(classic(objects, ROOT))
  assert.equal(result.outcome, "nothing-found")
})

const DRAWING = "BT /F1 18 Tf 20 100 Td (What is to be read) Tj ET\n"
const UNREAD: [what: string, bytes: () => Buffer][] = [
  [
    "behind the end of packed data",
    () => classic(bare({ 4: stream("/Filter /FlateDecode", Buffer.concat([deflateSync(DRAWING), Buffer.from("CANARY")])) }), ROOT),
  ],
  [
    "behind the end of hexadecimal digits",
    () => classic(bare({ 4: stream("/Filter /ASCIIHexDecode", `${Buffer.from(DRAWING).toString("hex")}>CANARY`) }), ROOT),
  ],
  ["in a comment among operators", () => classic(bare({ 4: stream("", `% CANARY\n${DRAWING}`) }), ROOT)],
  ["in a packed comment", () => classic(bare({ 4: stream("/Filter /FlateDecode", deflateSync(`${DRAWING}% CANARY`)) }), ROOT)],
  ["in operators that there are not", () => classic(bare({ 4: stream("", `${DRAWING}(CANARY) Canary `) }), ROOT)],
  ["in operands that none takes", () => classic(bare({ 4: stream("", `(CANARY) 1 0 0 rg ${DRAWING}`) }), ROOT)],
  ["behind the last operator", () => classic(bare({ 4: stream("", `${DRAWING}(CANARY)`) }), ROOT)],
  ["in properties among operators", () => classic(bare({ 4: stream("", `/Span <</Lang (fa) /Own (CANARY)>> BDC ${DRAWING} EMC`) }), ROOT)],
  [
    "in the middle of a form",
    () =>
      classic(
        bare(
          { 4: stream("", `${DRAWING}/X Do`), 7: stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 5 5 re f % CANARY") },
          "",
          "",
          "/XObject <</X 7 0 R>>",
        ),
        ROOT,
      ),
  ],
  [
    "between two objects",
    () => Buffer.from(classic(bare(), ROOT).toString("latin1").replace("endobj\n5 0 obj", "endobjCANARY\n5 0 obj"), "latin1"),
  ],
  ["in a comment in an object", () => classic({ ...bare(), 5: "<</Type /Font % CANARY\n/Subtype /Type1 /BaseFont /Helvetica>>" }, ROOT)],
  [
    "between data and the end of their object",
    () => classic(bare({ 4: Buffer.from(`<</Length ${DRAWING.length}>>\nstream\n${DRAWING}\nendstream CANARY`) }), ROOT),
  ],
  ["in a comment behind the head", () => classic(bare(), ROOT, "%PDF-1.4\n%CANARY\n")],
  ["in the trailer", () => classic(bare(), `${ROOT} /Own (CANARY)`)],
  [
    "in a table of letters",
    () =>
      classic(
        {
          ...bare({ 7: stream("/Type /CMap", "%%Title: (CANARY)\n/CIDInit /ProcSet findresource begin end") }),
          5: "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R>>",
        },
        ROOT,
      ),
  ],
  [
    "in the names of a layer's users",
    () =>
      classic(
        bare(
          { 7: "<</Type /OCG /Name (l) /Usage <</User <</Type /Ind /Name (CANARY)>> >> >>" },
          "/OCProperties <</OCGs [7 0 R] /D <<>> >>",
        ),
        ROOT,
      ),
  ],
  [
    "in links between programs",
    () =>
      classic(
        bare(
          {
            4: stream("", `${DRAWING}/X Do`),
            7: stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /OPI <</1.3 <</F (CANARY)>> >>", "0 0 5 5 re f"),
          },
          "",
          "",
          "/XObject <</X 7 0 R>>",
        ),
        ROOT,
      ),
  ],
]

for (const [place, make] of UNREAD) {
  test(`nothing stays ${place}`, async () => {
    const original = make()
    assert.match(unpackedText(original), /CANARY/)
    const result = await cleaned(original)
    assert.ok(result.removed.length > 0)
    assert.doesNotMatch(unpackedText(result.bytes), /CANARY/)
  })
}

test("a page that was taken out does not stay behind a bookmark", async () => {
  const original = classic(
    bare(
      {
        7: "<</First 8 0 R /Last 8 0 R /Count 1>>",
        8: "<</Title (bookmark) /Parent 7 0 R /Dest [9 0 R /Fit]>>",
        9: "<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 10 0 R>>",
        10: stream("", "BT (CANARY) Tj ET"),
      },
      "/Outlines 7 0 R",
    ),
    ROOT,
  )
  const result = await cleaned(original)
  assert.deepEqual(result.removed, ["history"])
  assertNoCanary(original, result.bytes)
})

// ---- photographs in every wrapping

test("photographs lose their place in every wrapping, and what stands behind them", async () => {
  const photo = withTags(
    picture("-size", "60x40", "gradient:red-blue", "-type", "TrueColor", "jpg:-"),
    "jpg",
    "-GPSLatitude=35.7",
    "-Artist=CANARYPHOTO",
  )
  const plain = picture("-size", "60x40", "gradient:red-blue", "-type", "TrueColor", "jpg:-")
  const image = (filter: string, data: Buffer | string): Buffer =>
    classic(
      bare(
        {
          4: stream("", "q 60 0 0 40 10 10 cm /I Do Q"),
          7: stream(
            `/Type /XObject /Subtype /Image /Width 60 /Height 40 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter ${filter}`,
            data,
          ),
        },
        "",
        "",
        "/XObject <</I 7 0 R>>",
      ),
      ROOT,
    )
  const inline = (data: Buffer): Buffer =>
    classic(
      bare({
        4: stream(
          "",
          Buffer.concat([Buffer.from("q 60 0 0 40 10 10 cm BI /W 60 /H 40 /CS /RGB /BPC 8 /F /DCT ID "), data, Buffer.from("\nEI Q\n")]),
        ),
      }),
      ROOT,
    )
  for (const [what, original] of [
    ["as it is", image("/DCTDecode", photo)],
    ["in hexadecimal digits", image("[/ASCIIHexDecode /DCTDecode]", `${photo.toString("hex")}>`)],
    ["packed", image("[/FlateDecode /DCTDecode]", deflateSync(photo))],
    ["with a tail", image("/DCTDecode", Buffer.concat([plain, Buffer.from("CANARY")]))],
    ["among the operators", inline(photo)],
  ] as const) {
    const result = await cleaned(original)
    assert.equal(result.outcome, "cleaned", what)
    assert.doesNotMatch(unpackedText(result.bytes), /CANARY/, what)
  }
})

// ---- what viewers put in order

const sound = (): Buffer => classic(letter(), TRAILER)
const edited = (change: (text: string) => string): Buffer => Buffer.from(change(sound().toString("latin1")), "latin1")
const BROKEN: [what: string, bytes: () => Buffer][] = [
  [
    "offsets that are wrong",
    () => edited((text) => text.replace(/^(\d{10}) 00000 n/gm, (_, at: string) => `${String(Number(at) + 7).padStart(10, "0")} 00000 n`)),
  ],
  ["an offset that is wrong", () => edited((text) => text.replace(/(\d{10})( 00000 n \n6 1)/, "0000000001$2"))],
  ["no startxref", () => edited((text) => text.replace(/startxref\n\d+\n/, ""))],
  ["a startxref that leads nowhere", () => edited((text) => text.replace(/startxref\n\d+/, "startxref\n99999999"))],
  ["a startxref into the middle", () => edited((text) => text.replace(/startxref\n\d+/, "startxref\n40"))],
  ["no table at all", () => edited((text) => text.slice(0, text.indexOf("xref\n0")))],
  ["bytes before the head", () => Buffer.concat([Buffer.from("CANARYJUNK\r\n\r\n"), sound()])],
  ["several end marks", () => Buffer.concat([sound(), Buffer.from("%%EOF\n%%EOF\n")])],
  ["a length that is too short", () => classic(letter({ 4: Buffer.from(`<</Length 3>>\nstream\n${DRAWING}\nendstream`) }), TRAILER)],
  ["a length that is too long", () => classic(letter({ 4: Buffer.from(`<</Length 3000>>\nstream\n${DRAWING}\nendstream`) }), TRAILER)],
  ["no length", () => classic(letter({ 4: Buffer.from(`<<>>\nstream\n${DRAWING}\nendstream`) }), TRAILER)],
  ["a length that is nowhere", () => classic(letter({ 4: Buffer.from(`<</Length 77 0 R>>\nstream\n${DRAWING}\nendstream`) }), TRAILER)],
  ["no end of the last object", () => edited((text) => text.replace(/\nendobj\nxref/, "\nxref"))],
  [
    "packed objects without a table",
    () =>
      Buffer.from(
        packed(letter(), TRAILER)
          .toString("latin1")
          .replace(/startxref\n\d+/, "startxref\n0"),
        "latin1",
      ),
  ],
  [
    "a revision whose table is wrong",
    () =>
      Buffer.from(
        update(sound(), { 6: "<</Author (CANARY)>>" }, TRAILER)
          .toString("latin1")
          .replace(/startxref\n\d+\n%%EOF\n$/, "startxref\n1\n%%EOF\n"),
        "latin1",
      ),
  ],
]

for (const [what, make] of BROKEN) {
  test(`cleaned all the same: ${what}`, async () => {
    const original = make()
    // Poppler wants a trailer.
    const result = await cleaned(original, !/no table|without a table/.test(what))
    assert.notEqual(result.outcome, "nothing-found")
    assert.match(unpackedText(original), /CANARY/)
    assert.doesNotMatch(unpackedText(result.bytes), /CANARY/)
    assert.match(tool("pdftotext", ["{}", "-"], result.bytes, "text.pdf"), /What is to be read/)
  })
}

test("objects inside a stream are none of the file's", async () => {
  const original = Buffer.from(
    classic(
      letter(
        { 7: stream("/Type /EmbeddedFile", "6 0 obj\n<</Author (other)>>\nendobj\n4 0 obj (x) endobj") },
        "/Names <</EmbeddedFiles <</Names [(a) <</Type /Filespec /F (a) /EF <</F 7 0 R>> >>]>> >>",
      ),
      TRAILER,
    )
      .toString("latin1")
      .replace(/startxref\n\d+/, "startxref\n1"),
    "latin1",
  )
  // Poppler takes them for such.
  const result = await cleaned(original, false)
  assert.match(tool("pdftotext", ["{}", "-"], result.bytes, "text.pdf"), /What is to be read/)
  assert.deepEqual(result.remains, ["attachments"])
})

/** The file with its packed streams unpacked behind it, and its strings spelled out. */
function unpackedText(bytes: Buffer): string {
  const source = bytes.toString("latin1")
  const pieces = [source, strings(bytes)]
  for (const [, dict, data] of source.matchAll(/<<([^]*?)>>\s*stream\r?\n([^]*?)\r?\nendstream/g)) {
    if (!/FlateDecode/.test(dict!)) continue
    try {
      pieces.push(inflateSync(Buffer.from(data!, "latin1"), { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1"))
    } catch {
      // Not packed after all, or an object that holds a stream's dictionary.
    }
  }
  return pieces.join("\n")
}

function strings(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/<((?:[0-9A-Fa-f]{2})+)>/g, (_, hex: string) => Buffer.from(hex, "hex").toString("latin1").replaceAll("\0", ""))
}
