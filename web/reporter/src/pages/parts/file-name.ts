// Names of files, as shown and as sent.

const TYPE = /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/

/** The extension of a name when it is a plain one, without its dot. */
export function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,5})$/.exec(name.toLowerCase())?.[1] ?? "bin"
}

/** A name that says nothing: the place in the list, and the kind of file so that it opens. */
export function neutralName(index: number, extension: string): string {
  return `${String(index + 1).padStart(2, "0")}.${extension}`
}

/** The type a browser gives, where the protocol has room for it. */
export function plainType(type: string): string {
  const bare = type.toLowerCase().split(";")[0]?.trim() ?? ""
  return bare.length <= 127 && TYPE.test(bare) ? bare : "application/octet-stream"
}

/**
 * A name with every control visible: bidi and zero-width controls can make `exe.jpg` out of `gpj.exe`, so they
 * are shown as what they are, [U+202E], and never obeyed.
 */
export function shownName(name: string): string {
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (control) => `[U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  )
}

/** A name to save under: no path, no control, no leading dot, short. */
export function savedName(name: string): string {
  const safe = name
    .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff/\\:*?"<>|]/g, "_")
    .replace(/^[.\s]+/, "_")
    .replace(/[.\s]+$/, "")
  return [...safe].slice(0, 100).join("") || "file"
}

export function iconOf(type: string): string {
  if (type.startsWith("image/")) return "image"
  if (type.startsWith("audio/")) return "sound"
  if (type.startsWith("video/")) return "video"
  return "file"
}
