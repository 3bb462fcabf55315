// The templates: tags in double braces, and nothing that computes. What they may say is at the top of build.mjs.

const TAG = /\{\{\s*([^{}]*?)\s*\}\}/g
const LOOP = /\{\{#languages\}\}([^]*?)\{\{\/languages\}\}/g
const PARTIAL = /\{\{>\s*([a-z0-9-]+)((?:\s+[a-z]+=[^\s{}]+)*)\s*\}\}/g
const MAX_DEPTH = 8

/** Puts the partials in place and drops comments; what is left are the tags that differ by language. */
export function expand(source, partials, where, problem, depth = 0) {
  if (depth > MAX_DEPTH) {
    problem(`${where}: partials go round in a circle`)
    return ""
  }
  const text = source.replace(/\{\{![^]*?\}\}\n?/g, "")
  return text
    .replace(PARTIAL, (_, name, list) => {
      const partial = partials.get(name)
      if (partial === undefined) {
        problem(`${where}: no partial "${name}"`)
        return ""
      }
      const given = new Map(
        list
          .trim()
          .split(/\s+/)
          .filter(Boolean)
          .map((pair) => pair.split(/=(.*)/s, 2)),
      )
      const filled = partial.replace(/\{\{[^{}]*\}\}/g, (tag) =>
        tag.replace(/@([a-z]+)/g, (argument, key) => {
          if (!given.has(key)) problem(`${where}: partial "${name}" needs ${key}=…`)
          return given.get(key) ?? argument
        }),
      )
      return expand(filled, partials, `${where} > ${name}`, problem, depth + 1)
    })
    .replace(/\n+$/, "\n")
}

/** What a Content-Security-Policy without `unsafe-inline` would drop in silence is a problem when building. */
export function refuseInline(source, where, problem) {
  const markup = source.replace(/<!--[^]*?-->/g, "")
  for (const [tag] of markup.matchAll(/<script\b[^>]*>/gi)) if (!/\ssrc=/.test(tag)) problem(`${where}: inline script`)
  if (/<style\b/i.test(markup)) problem(`${where}: inline style sheet`)
  for (const [tag] of markup.matchAll(/<[a-z][^>]*>/gi)) {
    const attributes = tag.replace(/"[^"]*"|'[^']*'/g, '""')
    if (/\s(on[a-z]+|style)\s*=/i.test(attributes)) problem(`${where}: inline handler or style in ${tag}`)
    if (/javascript:/i.test(tag)) problem(`${where}: javascript: in ${tag}`)
  }
}

/**
 * Renders one page in one language. `tags` answers every kind of tag: text(key), value(name), href(page),
 * asset(path), integrity(path), inline(path), preloads(path), texts(path); each gives HTML that is safe where it stands.
 */
export function render(source, tags, languages, where, problem) {
  const looped = source.replace(LOOP, (_, body) =>
    languages
      .map((other) =>
        body.replace(/\{\{\s*\$it\.([a-z]+)\s*\}\}/g, (tag, field) => {
          if (!Object.hasOwn(other, field)) problem(`${where}: unknown tag ${tag}`)
          return escapeHtml(String(other[field]))
        }),
      )
      .join(""),
  )
  return looped.replace(TAG, (tag, inside) => {
    const [word, ...rest] = inside.split(/\s+/)
    if (rest.length === 1 && ["href", "asset", "integrity", "inline", "preloads", "texts"].includes(word)) return tags[word](rest[0])
    if (rest.length === 0 && /^\$[a-z]+$/.test(word)) return tags.value(word.slice(1))
    if (rest.length === 0 && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(word)) return tags.text(word)
    problem(`${where}: unknown tag ${tag}`)
    return ""
  })
}

export function escapeHtml(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }
  return text.replace(/[&<>"']/g, (character) => names[character])
}
