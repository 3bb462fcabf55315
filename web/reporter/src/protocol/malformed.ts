/** What was read is not of this format. The message names the rule that it breaks, never what was read. */
export class Malformed extends Error {
  override name = "Malformed"
}
