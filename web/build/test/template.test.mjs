import assert from "node:assert/strict"
import { test } from "node:test"
import { expand, refuseInline, render } from "../template.mjs"

/** What a step says is wrong. */
function problemsOf(run) {
  const problems = []
  run((text) => problems.push(text))
  return problems
}

const tags = {
  text: (key) => `text(${key})`,
  value: (name) => `value(${name})`,
  href: (page) => `href(${page})`,
  asset: (path) => `asset(${path})`,
  inline: (path) => `inline(${path})`,
  preloads: (path) => `preloads(${path})`,
  texts: (path) => `texts(${path})`,
}
const languages = [
  { lang: "fa", name: "فارسی", current: true },
  { lang: "en", name: 'A"<b>', current: false },
]

test("every tag is answered, and what is unknown is a problem", () => {
  const problems = problemsOf((problem) => {
    assert.equal(
      render("{{ a.b }}{{$lang}}{{ href index }}{{ asset styles/a.css }}", tags, languages, "x", problem),
      "text(a.b)value(lang)href(index)asset(styles/a.css)",
    )
    assert.equal(
      render("{{ inline icons/a.svg }}{{ preloads src/pages/a.ts }}{{ texts src/pages/a.ts }}", tags, languages, "x", problem),
      "inline(icons/a.svg)preloads(src/pages/a.ts)texts(src/pages/a.ts)",
    )
  })
  assert.deepEqual(problems, [])
  for (const wrong of ["{{ word }}", "{{ href }}", "{{ asset a b }}", "{{ run x.y }}", "{{ A.b }}", "{{}}"]) {
    assert.equal(problemsOf((problem) => render(wrong, tags, languages, "x", problem)).length, 1, wrong)
  }
})

test("a block stands once for each language, escaped", () => {
  const html = render(
    "{{#languages}}[{{ $it.lang }} {{ $it.name }} {{ $it.current }} {{ a.b }}]{{/languages}}",
    tags,
    languages,
    "x",
    assert.fail,
  )
  assert.equal(html, "[fa فارسی true text(a.b)][en A&quot;&lt;b&gt; false text(a.b)]")
  assert.equal(problemsOf((problem) => render("{{#languages}}{{ $it.other }}{{/languages}}", tags, languages, "x", problem)).length, 2)
})

test("partials stand in their place with their arguments", () => {
  const partials = new Map([
    ["head", "<title>{{ @title }}</title>{{> foot script=one }}"],
    ["foot", "{{ asset src/pages/@script.ts }}\n"],
    ["loop", "{{> loop }}"],
  ])
  assert.equal(
    expand("{{! said }}\n<a>{{> head title=home.title }}</a>", partials, "x", assert.fail),
    "<a><title>{{ home.title }}</title>{{ asset src/pages/one.ts }}\n</a>",
  )
  for (const wrong of ["{{> none }}", "{{> head }}", "{{> loop }}"])
    assert.equal(problemsOf((problem) => expand(wrong, partials, "x", problem)).length, 1, wrong)
})

test("what a strict policy would drop is refused", () => {
  for (const wrong of [
    "<script>alert(1)</script>",
    '<script type="module">x</script>',
    "<style>a{}</style>",
    '<p style="color:red">',
    "<p onclick='x()'>",
    "<p\nonclick = x>",
    '<a href="javascript:x">',
    "<STYLE>",
  ]) {
    assert.equal(problemsOf((problem) => refuseInline(wrong, "x", problem)).length, 1, wrong)
  }
  for (const right of [
    '<script type="module" src="/a.js"></script>',
    '<a title="a style=b onclick=c">style= onclick=</a>',
    "<!-- <style> -->",
    '<template><p class="style"></p></template>',
  ]) {
    assert.deepEqual(
      problemsOf((problem) => refuseInline(right, "x", problem)),
      [],
      right,
    )
  }
})
