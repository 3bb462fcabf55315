import assert from "node:assert/strict"
import { test } from "node:test"
import { extensionOf, neutralName, plainType, savedName, shownName } from "../../src/pages/parts/file-name"

test("a neutral name holds a number and an extension", () => {
  assert.equal(neutralName(0, "jpg"), "01.jpg")
  assert.equal(neutralName(98, "pdf"), "99.pdf")
})

test("an extension is short and plain, or it is none", () => {
  assert.equal(extensionOf("عکس.JPG"), "jpg")
  assert.equal(extensionOf("ali.rezaei-report"), "bin")
  assert.equal(extensionOf("no extension"), "bin")
  assert.equal(extensionOf("x.پی‌دی‌اف"), "bin")
})

test("controls in a name are shown and not obeyed", () => {
  assert.equal(shownName("photo\u202egpj.exe"), "photo[U+202E]gpj.exe")
  assert.equal(shownName("a\u0000b\u200bc\u2066d\ufeff"), "a[U+0000]b[U+200B]c[U+2066]d[U+FEFF]")
  assert.equal(shownName("نامه‌ها.pdf"), "نامه‌ها.pdf")
})

test("a name to save under is no path, has no control and is not hidden", () => {
  assert.equal(savedName("../../etc/passwd"), "__.._etc_passwd")
  assert.equal(savedName("photo\u202egpj.exe"), "photo_gpj.exe")
  assert.equal(savedName(".htaccess"), "_htaccess")
  assert.equal(savedName("C:\\x|y?.txt"), "C__x_y_.txt")
  assert.equal(savedName("   "), "_")
  assert.equal(savedName(""), "file")
  assert.equal([...savedName("😀".repeat(300))].length, 100)
})

test("a type that the protocol has no room for is bytes", () => {
  assert.equal(plainType("image/JPEG"), "image/jpeg")
  assert.equal(plainType("text/plain;charset=utf-8"), "text/plain")
  assert.equal(plainType(""), "application/octet-stream")
  assert.equal(plainType("text/<script>"), "application/octet-stream")
  assert.equal(plainType(`a/${"b".repeat(200)}`), "application/octet-stream")
})
