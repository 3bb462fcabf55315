// A path on somebody's computer carries the name of its owner: C:\Users\...\ or /home/.../.

// A path that climbs out of its own folder tells the folders that it goes down again.
const PATH = /^(?:file:|\.\.[\\/]|[a-z]:[\\/]|\\\\[^\\]|\/(?:users|home|media|mnt|volumes|documents and settings)\/)/i
const FILE_NAME =
  /[^\\/:*?"<>|]\.(?:jpe?g|png|gif|bmp|tiff?|webp|heic|avif|emf|wmf|svg|pdf|docx?|xlsx?|pptx?|od[tsp]|mp[34]|m4a|mov|wav|ogg)$/i

/** The last part of a path; anything that is not a path as it was. */
export function withoutFolders(text: string): string {
  if (!PATH.test(text)) return text
  // A link into a file keeps its fragment with the last part.
  return text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1)
}

export function isLocalPath(text: string): boolean {
  return PATH.test(text)
}

export function isFileName(text: string): boolean {
  return text.length < 300 && FILE_NAME.test(text)
}
