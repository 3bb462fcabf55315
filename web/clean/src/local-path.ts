// A path on somebody's computer, server or drive in a cloud carries the name of its owner: C:\Users\...\, /home/.../, .../personal/...

// A path that climbs out of its own folder tells the folders that it goes down again.
const PATH = new RegExp(
  [
    "(?:file|smb|cifs|afp|nfs|davs?|webdavs?|sftp|content|vnd\\.sun\\.star\\.(?:webdavs?|tdoc)):",
    "\\.\\.[\\\\/]",
    "/?[a-z][:|][\\\\/]", // C:\, /C:/, and the C|/ of old addresses
    "[a-z]:[^\\\\/:]*\\\\", // C:Users\: from where that drive stands
    "\\\\\\\\[^\\\\/]", // \\server\
    "\\\\(?:users|home|documents and settings)\\\\",
    "//[^/]", // //server/, as PDF spells it
    "/[a-z]/", // /C/, as PDF spells it
    "/(?:users?|home|media|mnt|run|root|private|tmp|var|opt|srv|net|data|storage|sdcard|volumes|cygdrive|documents and settings)/",
    "(?:users|documents and settings)[\\\\/]",
    "~[^\\\\/ ]*[\\\\/]",
    "%[a-z_]{3,}[a-z_()0-9]*%", // %USERPROFILE%
    "\\$(?:\\{[a-z_]+\\}|\\([a-z_]+\\)|[a-z_]+)[\\\\/]", // $HOME/
    "[^:\\\\/?#]{2,64}:(?:users|home|documents|desktop)[:\\\\/]", // Macintosh HD:Users:
  ].join("|"),
  "iy",
)
const FILE_NAME =
  /[^\\/:*?"<>|]\.(?:jpe?g|png|gif|bmp|tiff?|webp|heic|avif|emf|wmf|svg|pdf|docx?|xlsx?|pptx?|od[tsp]|mp[34]|m4a|mov|wav|ogg)$/i

/** Drives that belong to a person: the address names the account, by its name or by a number. */
const ACCOUNT = new RegExp(
  [
    "[^/]+-my\\.sharepoint\\.",
    "[^/]+\\.sharepoint\\.[a-z.]+/(?:[^?#]*/)?personal/",
    "(?:[^/]+\\.)?(?:docs\\.live\\.net|(?:onedrive|storage)\\.live\\.com|1drv\\.(?:ms|com)|livefilestore\\.com)(?:[/:?#]|$)",
    "(?:drive|docs|photos)\\.google\\.com/",
    "photos\\.app\\.goo\\.gl/",
    "(?:[^/]+\\.)?(?:googleusercontent|dropbox|dropboxusercontent|icloud|icloud-content|box|pcloud|mediafire)\\.com/",
    "(?:[^/]+\\.)?(?:mega\\.(?:nz|io)|disk\\.yandex\\.[a-z]+|yadi\\.sk|cloud\\.mail\\.ru)/",
    "[^?#]*/remote\\.php/",
    "[^/?#]*/(?:personal/|~)[^/?#]",
    "[^/?#]*@", // https://name:password@server/
  ].join("|"),
  "iy",
)
const WEB = /^(?:https?|ftps?):\/\//i
/** Beyond this nobody's path goes; a hostile text of megabytes is not worth a search. */
const MAX_PATH_CHARACTERS = 4_000

/** The last part of a path; anything that is not a path as it was. */
export function withoutFolders(text: string): string {
  return isLocalPath(text) ? lastPart(text) : text
}

/** What stands behind the last separator, however that is spelled: nothing, where that would be the person or the server. */
export function lastPart(text: string): string {
  let path = text.trim().slice(0, MAX_PATH_CHARACTERS)
  const isWeb = WEB.test(path)
  if (isWeb) path = path.replace(/[?#][^]*$/, "")
  const parts = path.split(/[\\/]|%(?:25)*(?:2f|5c)/i)
  let last = parts.at(-1)!
  const folder = parts.at(-2) ?? ""
  // file:letter.doc, C:letter.doc, Macintosh HD:letter.doc; and %TEMP%letter.doc.
  last = last
    .split(/:|%(?:25)*3a/i)
    .at(-1)!
    .replace(/^(?:%[^%]*%)+/, "")
  if (/\.[^. ]{1,8}(?:#|$)/.test(last)) return last
  const namesSomebody = isWeb || parts.length < 2 || /^(?:|users?|home|documents and settings|personal)$/i.test(folder)
  return namesSomebody ? "" : last
}

export function isLocalPath(text: string): boolean {
  const start = text.trimStart().slice(0, 600)
  return looksLike(PATH, start) || (start.includes("%") && looksLike(PATH, unescaped(start)))
}

/** An address on the web that leads into somebody's own drive. */
export function isAccount(text: string): boolean {
  const address = unescaped(text.trim().slice(0, MAX_PATH_CHARACTERS)).replace(/^ms-[a-z]+:(?:[a-z]{3}\|[a-z]\|)?/i, "")
  const scheme = WEB.exec(address)
  return scheme !== null && looksLike(ACCOUNT, address.slice(scheme[0].length))
}

/** An address with a scheme of its own, which no folder has: https:, mailto:, urn: … */
export function isAddress(text: string): boolean {
  return !isLocalPath(text) && /^\s*[a-z][a-z0-9+.-]+:/i.test(text)
}

export function isFileName(text: string): boolean {
  return text.length < 300 && FILE_NAME.test(text)
}

/**
 * Paths between quotation marks inside a longer text: formulas, conditions, instructions of fields, where `escapes` says that a
 * backslash is written as two.
 */
export function shortenQuoted(text: string, escapes = false): string {
  return text.replace(/(["'])((?:(?!\1)[^]){1,2000})\1/g, (whole, quote: string, inner: string) => {
    const path = escapes ? inner.replace(/\\\\/g, "\\") : inner
    const short = isLocalPath(path) || isAccount(path) ? lastPart(path) : path
    return short === path ? whole : quote + short + quote
  })
}

/** Sticky: matches at the beginning only. */
function looksLike(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(text)
}

/** What is written with percent signs, resolved twice at most. */
function unescaped(text: string): string {
  const once = (value: string): string => value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return once(once(text))
}
