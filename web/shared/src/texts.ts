// The page's own language. Scripts are the same bytes in every language: their texts stand in the page, as JSON
// in an inert <template id="texts">, where build/build.mjs puts those that the page's script names. The build finds them
// by reading the source, so the first argument of text, textOf and plural is always a literal in double quotes.

/** The keys and texts of the application that this is bundled into: each declares its own, as reporter/src/catalogue.ts does. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- applications merge their keys into it
export interface Catalogue {}

export type TextKey = keyof Catalogue
type Under<Prefix extends string> = TextKey extends infer Key ? (Key extends `${Prefix}.${infer Rest}` ? Rest : never) : never
type PluralKey = TextKey extends infer Key ? (Key extends `${infer Base}.other` ? Base : never) : never
type Values = Readonly<Record<string, string>>

/** The text of a key, with its {placeholders} filled. */
export function text(key: TextKey, values?: Values): string {
  return fill(look(key), values)
}

/** The text `prefix.id`, where the id is known only when the page runs. */
export function textOf<Prefix extends string>(prefix: Prefix, id: Under<Prefix>, values?: Values): string {
  return fill(look(`${prefix}.${id}`), values)
}

/** The form of `base` that the language uses with this number: `base.one`, `base.other` and so on. */
export function plural(base: PluralKey, count: number, values?: Values): string {
  return fill(look(`${base}.${new Intl.PluralRules(document.documentElement.lang).select(count)}`), values)
}

let texts: Record<string, string> | undefined

function look(key: string): string {
  if (texts === undefined) {
    const template = document.getElementById("texts") as HTMLTemplateElement
    texts = JSON.parse(template.content.textContent) as Record<string, string>
  }
  const found = Object.hasOwn(texts, key) ? texts[key] : undefined
  if (found === undefined) throw new Error(`no text for ${key}`)
  return found
}

// One pass, so that a value that looks like a placeholder stays what it is.
function fill(pattern: string, values: Values = {}): string {
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
