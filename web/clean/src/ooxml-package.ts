// Which parts of an Office document there are, and which of them anything leads to (ECMA-376, part 2): relationships tie them
// together. A part that none leads to, and a relationship that its owner never uses, stay behind.

import type { Findings, Removed } from "./cleaned"
import type { Budget } from "./inflate"
import { isAccount, isAddress, isLocalPath, lastPart } from "./local-path"
import { decode, MAX_XML_BYTES } from "./nested"
import { Namespaces } from "./namespaces"
import type { Source } from "./source"
import { attribute, dropAttributes, escaped, plain, rewriteXml, type Rules, type Tag } from "./xml"
import { unpack, type Entry, type Zip } from "./zip"

/** Beyond this a part is not searched for the relationships that it uses. */
const MAX_SEARCHED_BYTES = 16 * 1024 * 1024
/** All whose relationships are tied to a place in their owner by an id. Others count by their mere existence. */
const BY_ID =
  /\/(?:image|hyperlink|oleObject|package|video|audio|media|worksheet|chartsheet|chart|chartEx|aFChunk|attachedTemplate|frame|subDocument|header|footer|font|control|externalLinkPath|hdphoto)$/i
const KNOWN_TYPE = /^https?:\/\/(?:schemas\.openxmlformats\.org|schemas\.microsoft\.com|purl\.oclc\.org\/ooxml|purl\.org\/dc)\//i
const KNOWN_DEFAULT =
  /^(?:rels|xml|vml|bin|jpe?g|jpe|jfif|png|gif|bmp|dib|tiff?|emf|wmf|emz|wmz|svg|wdp|hdp|jxr|webp|avif|heic|ico|eps|pict|pct|odttf|fntdata|ttf|otf|mp[34]|m4[av]|mov|wmv|wma|avi|wav|aif|aiff|mpe?g|mid|docx?|docm|xlsx?|xlsm|xlsb|pptx?|pptm|sldx|sldm|pdf|rtf|txt|htm|html|mht|vsdx?|glb|psmdcp|data|json)$/i

export interface Plan {
  properties: Map<string, "core" | "extended" | "custom">
  thumbnails: Set<string>
  /** For each part: the ids of its relationships that go. */
  dropped: Map<string, Set<string>>
  /** Parts which something leads to, in small letters; null where nothing says which part is the first. */
  reached: Set<string> | null
}

interface Relationship {
  owner: string
  id: string
  type: string
  /** Null for what lies outside. */
  target: string | null
}

export function droppedMeaning(name: string): Removed | null {
  if (/^docprops\/thumbnail\./.test(name)) return "thumbnail"
  if (/^(?:customxml\/|ppt\/tags\/|(?:word|xl|ppt)?\/?webextensions\/)/.test(name)) return "custom-data"
  if (/^docmetadata\//.test(name)) return "identifiers"
  if (/^(?:ppt\/changesinfos\/|ppt\/revisioninfo\.xml|xl\/revisions\/|word\/documenttasks\/|\[trash\]\/)/.test(name)) return "history"
  if (/(?:^|\/)printersettings\d*(?:\/|\.bin$)/.test(name)) return "printer"
  return null
}

export async function readPlan(source: Source, zip: Zip, parts: Map<string, Entry>, budget: Budget, found: Findings): Promise<Plan> {
  const plan: Plan = { properties: new Map(), thumbnails: new Set(), dropped: new Map(), reached: null }
  for (const [name, kind] of [
    ["docprops/core.xml", "core"],
    ["docprops/app.xml", "extended"],
    ["docprops/custom.xml", "custom"],
  ] as const)
    if (parts.has(name)) plan.properties.set(name, kind)

  const all: Relationship[] = []
  for (const entry of zip.entries) {
    const match = /^(.*?)_rels\/([^/]*)\.rels$/.exec(entry.name.toLowerCase())
    if (!match) continue
    const [, folder = "", base = ""] = match
    const own: Relationship[] = []
    rewriteXml(decode(await unpack(source, entry, MAX_XML_BYTES, budget)), {
      tag(tag) {
        if (tag.local === "Relationship") own.push(readRelationship(tag, folder, base))
        return "keep"
      },
    })
    all.push(...own)
    const uses = await readUses(source, parts.get(folder + base), own, budget)
    for (const relationship of own) {
      const what = dropReason(relationship, parts, plan, uses)
      if (what === null) continue
      found.removed.add(what)
      const ids = plan.dropped.get(relationship.owner) ?? new Set()
      plan.dropped.set(relationship.owner, ids.add(relationship.id))
    }
  }
  if (all.some(({ owner, type, target }) => owner === "" && type.endsWith("/officeDocument") && target !== null && parts.has(target)))
    plan.reached = reach(all, plan)
  return plan
}

function readRelationship(tag: Tag, folder: string, base: string): Relationship {
  const isExternal = attribute(tag, "TargetMode")?.value === "External"
  return {
    owner: folder + base,
    id: attribute(tag, "Id")?.value ?? "",
    type: plain(attribute(tag, "Type")?.value ?? ""),
    target: isExternal ? null : resolve(folder, plain(attribute(tag, "Target")?.value ?? "")),
  }
}

/** Why a relationship goes; null if it stays. Notes properties and thumbnails. */
function dropReason(
  relationship: Relationship,
  parts: Map<string, Entry>,
  plan: Plan,
  uses: ((id: string) => boolean) | null,
): Removed | null {
  const { owner, id, type, target } = relationship
  if (owner === "" && target !== null && parts.has(target)) {
    if (type.endsWith("/core-properties")) plan.properties.set(target, "core")
    else if (type.endsWith("/extended-properties")) plan.properties.set(target, "extended")
    else if (type.endsWith("/custom-properties")) plan.properties.set(target, "custom")
    else if (type.endsWith("/thumbnail")) plan.thumbnails.add(target)
  }
  if (!KNOWN_TYPE.test(type)) return "unknown-data"
  if (/\/mailMerge[a-z]*$/i.test(type)) return "local-path"
  if (target !== null && (droppedMeaning(target) || plan.thumbnails.has(target))) return droppedMeaning(target) ?? "thumbnail"
  if (/\/thumbnail$/.test(type)) return "thumbnail"
  // A slide also leads to another, and its notes to it, without saying where.
  const isById = BY_ID.test(type) || (/\/slide$/.test(type) && owner === "ppt/presentation.xml")
  if (uses && isById && !uses(id)) return target === null ? "unknown-data" : "history"
  return null
}

/** Tells whether a part names an id; null when that cannot be told. */
async function readUses(
  source: Source,
  owner: Entry | undefined,
  relationships: Relationship[],
  budget: Budget,
): Promise<((id: string) => boolean) | null> {
  if (!owner || !/\.(?:xml|vml)$/i.test(owner.name) || owner.uncompressed > MAX_SEARCHED_BYTES) return null
  if (relationships.every(({ type }) => !BY_ID.test(type) && !type.endsWith("/slide"))) return null
  const values = new Set<string>()
  rewriteXml(decode(await unpack(source, owner, MAX_SEARCHED_BYTES, budget)), {
    tag(tag) {
      for (const { name, value } of tag.attributes) if (value.length < 100 && !name.startsWith("xmlns")) values.add(plain(value))
      return "keep"
    },
  })
  return (id) => values.has(plain(id))
}

function reach(all: Relationship[], plan: Plan): Set<string> {
  const byOwner = new Map<string, Relationship[]>()
  for (const relationship of all) {
    const list = byOwner.get(relationship.owner)
    if (list) list.push(relationship)
    else byOwner.set(relationship.owner, [relationship])
  }
  const reached = new Set<string>()
  const pending = [""]
  for (let owner = pending.pop(); owner !== undefined; owner = pending.pop()) {
    for (const { id, target } of byOwner.get(owner) ?? []) {
      if (target === null || reached.has(target) || plan.dropped.get(owner)?.has(id)) continue
      reached.add(target)
      pending.push(target)
    }
  }
  return reached
}

/** Why a part goes; null if it stays. */
export function partDropReason(name: string, plan: Plan): Removed | null {
  const what = droppedMeaning(name) ?? (plan.thumbnails.has(name) ? "thumbnail" : null)
  if (what) return what
  if (plan.reached === null || name === "[content_types].xml" || name === "_rels/.rels") return null
  const owner = name.replace(/_rels\/([^/]*)\.rels$/, "$1")
  return plan.reached.has(owner) ? null : "unknown-data"
}

/** The part that a relationship leads to, in small letters as the standard compares them. */
function resolve(folder: string, target: string): string {
  const path: string[] = []
  for (const step of (target.startsWith("/") ? target : folder + target).split("/")) {
    if (step === "..") path.pop()
    else if (step !== "" && step !== ".") path.push(step)
  }
  return decodeURIComponentOr(path.join("/")).toLowerCase()
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const LISTS: Record<string, readonly string[]> = {
  Types: [],
  Default: ["Extension", "ContentType"],
  Override: ["PartName", "ContentType"],
  Relationships: [],
  Relationship: ["Id", "Type", "Target", "TargetMode"],
}

/** Rules for the two lists of a package, in which there is nothing else than their own few words. */
function listRules(found: Findings, rule: (tag: Tag) => "keep" | "changed" | "drop"): Rules {
  const namespaces = new Namespaces()
  return {
    removed: () => found.removed.add("unknown-data"),
    tag(tag) {
      namespaces.enter(tag)
      const known = LISTS[tag.local]
      if (!known || namespaces.isForeign(tag.name)) return tag.parents.length > 0 ? drop(found) : "empty"
      const isKnown = ({ name }: { name: string }): boolean => name.startsWith("xmlns") || known.includes(name)
      const isChanged = [namespaces.scrub(tag), dropAttributes(tag, (item) => !isKnown(item))].includes(true)
      if (isChanged) found.removed.add("unknown-data")
      const answer = rule(tag)
      return answer === "keep" && isChanged ? "changed" : answer
    },
    text: (text) => noText(text, found),
  }
}

export function contentTypeRules(plan: Plan, parts: Map<string, Entry>, found: Findings): Rules {
  return listRules(found, (tag) => {
    if (tag.local === "Default") return KNOWN_DEFAULT.test(attribute(tag, "Extension")?.value ?? "") ? "keep" : drop(found)
    if (tag.local !== "Override") return "keep"
    const part = plain(attribute(tag, "PartName")?.value ?? "")
      .replace(/^\//, "")
      .toLowerCase()
    if (partDropReason(part, plan)) return "drop"
    return parts.has(part) ? "keep" : drop(found)
  })
}

export function relationshipRules(name: string, plan: Plan, parts: Map<string, Entry>, found: Findings): Rules {
  const [, folder = "", base = ""] = /^(.*?)_rels\/([^/]*)\.rels$/.exec(name) ?? []
  const dropped = plan.dropped.get(folder + base)
  return listRules(found, (tag) => {
    if (tag.local !== "Relationship") return "keep"
    if (dropped?.has(attribute(tag, "Id")?.value ?? "")) return "drop"
    const { type, target } = readRelationship(tag, folder, base)
    return (target === null || !parts.has(target)) && shortenTarget(tag, type, found) ? "changed" : "keep"
  })
}

/**
 * What a relationship leads to outside. Of paths the last part stays. A drive in a cloud names its owner: what a program fetches
 * from there unasked loses all but the last part, what a reader follows by a click stays and is said.
 */
function shortenTarget(tag: Tag, type: string, found: Findings): boolean {
  const item = attribute(tag, "Target")
  const target = plain(item?.value ?? "")
  if (!item || target === "" || target === "NULL" || target.startsWith("#")) return false
  const isLink = type.endsWith("/hyperlink")
  if (isAddress(target)) {
    if (isLink && !isAccount(target)) return false
    if (isLink || !isAccount(target)) {
      found.remains.add("data-connections")
      return false
    }
  } else if (!isLocalPath(target) && !/[\\/]|%(?:2f|5c)/i.test(target)) return false
  // The word that Office itself writes for a target that is gone.
  const short = escaped(lastPart(target) || "NULL")
  if (short === item.value) return false
  item.value = short
  found.removed.add("local-path")
  return true
}

function drop(found: Findings): "drop" {
  found.removed.add("unknown-data")
  return "drop"
}

function noText(text: string, found: Findings): string {
  if (text.trim() === "") return text
  found.removed.add("unknown-data")
  return ""
}
