// Mail boxes, addresses of the web and names under which somebody is found on a network, in folded spelling (see fold.ts).

import { word } from "./phrases"

const TOP = "(?:ir|com|org|net|me|info|io|app|co|biz|xyz|site|online|blog|tv|ly|gl|gd|be)"
/** Beyond these, a name with dots in it is a file, a version or a slip of the space bar. */
const COMMON_TOP = "(?:com|ir|org|net)"
const AT = "(?: ?@ ?| ?[\\[({<] ?(?:at|@|ات) ?[\\])}>] ?)"
const DOT = "(?: ?[\\[({] ?(?:dot|\\.|نقطه) ?[\\])}] ?)"

export const E_MAIL = new RegExp(
  [
    `(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}(?:@|${AT})(?:[a-z0-9-]{1,63}(?:\\.|${DOT})){1,8}[a-z]{2,24}(?![a-z0-9])`,
    // Spaces, or words in the place of signs, only where it ends as an address of mail does.
    `(?<![a-z0-9._%+-])[a-z0-9._%+-]{2,64}(?:${AT}| (?:at|ات|اتساین|ادساین) )[a-z0-9-]{2,63}(?: ?\\. ?|${DOT}| (?:dot|دات|نقطه) )(?:${COMMON_TOP}|کام|ای ار)(?![a-z0-9])`,
    `(?<![a-z0-9._%+-])[a-z0-9._%+-]{2,64}(?:${AT}| (?:at|ات|اتساین|ادساین) )(?:جی ?میل|یاهو|gmail|yahoo|hotmail|outlook)(?!\\p{L})`,
  ].join("|"),
  "gu",
)

const END = '[^\\s<>"«»،؛]'

export const WEB_ADDRESSES = new RegExp(
  [
    `(?<![a-z0-9])(?:https?:\\/\\/|www\\.)${END}{3,2000}`,
    `(?<![a-z0-9@./_-])(?:[a-z0-9-]{1,63}\\.){1,6}${TOP}(?![a-z0-9-])(?:\\/${END}{0,2000})?`,
    // With a path behind it, under whatever name: short links.
    `(?<![a-z0-9@./_-])(?:[a-z0-9-]{1,63}\\.){1,6}[a-z]{2,10}\\/[a-z0-9]${END}{2,2000}`,
  ].join("|"),
  "gu",
)

/** A name with a sign in it that no ordinary word has. */
const MARKED_NAME = "[a-z](?=[a-z_.]{0,30}[\\d_.][a-z0-9_])[a-z0-9_.]{2,30}[a-z0-9_]"
const ANY_NAME = "[a-z][a-z0-9_.]{2,30}[a-z0-9_]"
const NETWORK =
  "(?:تلگرام|اینستاگرام|اینستا|ایتا|بله|روبیکا|سروش|گپ|واتس ?اپ|توییتر|فیس ?بوک|لینکدین|telegram|instagram|insta|eitaa|bale|rubika|soroush|whatsapp|twitter|facebook|linkedin|signal)(?: ?ا?(?:م|ش|مان))?"
const ACCOUNT =
  "(?:ا ?ی ?دی|ایدی|یوزر ?نیم|یوزر|نام کاربری|پیج|کانال|اکانت|حساب کاربری|user ?name|handle|account|channel|page|id)(?: ?ا?(?:م|ش|مان))?"

export const HANDLES = new RegExp(
  [
    "(?<![a-z0-9@._%+-])@[a-z_][a-z0-9_.]{1,29}[a-z0-9_](?![a-z0-9_@])",
    // From right to left the sign is easily typed behind the name.
    `(?<![a-z0-9@._%+-])${MARKED_NAME}@(?![a-z0-9._])`,
    word(NETWORK) + `(?: (?:من|ما|او|ایشان|is|my|${ACCOUNT})){0,2}(?: ?[:=] ?${ANY_NAME}| ${MARKED_NAME})(?![a-z0-9_@])`,
    word(ACCOUNT) + `(?: (?:${NETWORK}|من|ما|او|ایشان|is|ی|در|on|in)){0,3}(?: ?[:=] ?${ANY_NAME}| ${MARKED_NAME})(?![a-z0-9_@])`,
  ].join("|"),
  "gu",
)
