// What a poster or a link gives after the "#" of an address, which no server sees.

/**
 * The office id that the fragment gives, without the spaces and capitals that hands and messengers put into it; undefined
 * when it names no office. What is no office id, or more than one, comes back as it is: no office has it, and so it is
 * refused as another's. A mistyped id must never count as none.
 */
export function officeIn(hash: string): string | undefined {
  const given = new URLSearchParams(hash.replace(/^#/, "")).getAll("office")
  const folded = new Set(given.map((id) => id.replace(/\s|%20/g, "").toLowerCase()))
  return folded.size === 0 ? undefined : [...folded].join(",")
}
