// Where somebody lives or was: points on a map and addresses of houses, in folded spelling (see fold.ts). A street alone is where
// an office stands; what is marked leads to a door.

import { word } from "./phrases"

// ---- coordinates

/** A decimal of degrees: a dot, the Persian separator, or the slash that stands for it by hand. */
const POINT = "[.٫/]"
const BETWEEN = "[ ,،;؛/\\n]{1,4}(?:[ew] ?)?"
const DEGREES = "(?:درجه(?: ?ی)?|deg(?:rees?)?|[°º˚])"

export const COORDINATES = new RegExp(
  // What it can begin with stands first, so that most of a text is passed over at a glance; so it is below.
  `(?=[-\\d/عطcfghjlmpqrvwx])(?:${[
    // Four decimals are eleven metres. With three both lie in Iran.
    `(?<![\\d.,٫/-])-?(?:[1-8]\\d|[1-9])${POINT}\\d{4,15}[ °]{0,2}[ns]?${BETWEEN}-?1?[1-9]\\d${POINT}\\d{4,15}(?!\\d)`,
    `(?<![\\d.,٫/-])(?:2[4-9]|3\\d)${POINT}\\d{3,15}[ °]{0,2}[ns]?(?:${BETWEEN}| ?و )(?:4[4-9]|5\\d|6[0-3])${POINT}\\d{3,15}(?!\\d)`,
    "(?<![\\d.,٫/-])(?:2[4-9]|3\\d),\\d{4,15}[ /;؛]{1,3}(?:4[4-9]|5\\d|6[0-3]),\\d{4,15}(?!\\d)",
    // The other way round, as some programs of maps have it.
    `(?<![\\d.,٫/-])(?:4[4-9]|5\\d|6[0-3])${POINT}\\d{3}[ °]{0,2}[ew]?${BETWEEN}(?:2[4-9]|3\\d)${POINT}\\d{3}(?!\\d)`,
    `(?<!\\p{L})(?:عرض|طول) ?(?:ی )?جغرافیایی[^\\d\\n]{0,12}\\d{1,3}(?:${POINT}\\d{1,15}| ?${DEGREES})`,
    `(?<!\\p{L})(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng)\\b[^\\d\\n\\p{L}]{0,5}-?\\d{1,3}${POINT}\\d{2,15}`,
    `(?<![\\d.])\\d{1,3} ?${DEGREES} ?(?:و )?[0-5]?\\d(?:[.٫]\\d{1,6})? ?(?:['′´]|دقیقه|min(?:utes?)?(?!\\p{L}))(?: ?(?:و )?[0-5]?\\d(?:[.٫]\\d{1,6})? ?(?:["″”]|''|ثانیه))?(?: ?[nsew](?!\\p{L}))?`,
    // A plus code, and three words for a square.
    "(?<![\\p{L}\\d])(?=[\\d+]{0,8}[cfghjmpqrvwx])[2-9cfghjmpqrvwx]{4,8}\\+[2-9cfghjmpqrvwx]{2,3}(?![\\p{L}\\d])",
    "(?<!\\S)///\\p{L}{2,24}\\.\\p{L}{2,24}\\.\\p{L}{2,24}",
    // The grid of the maps of Iran.
    "(?<![\\p{L}\\d])(?:38|39|40|41) ?[rs] ?\\d{6}(?:[.٫]\\d{1,4})?[ ,،]{1,2}\\d{7}(?!\\d)",
    "(?<!\\p{L})geo:-?\\d{1,3}\\.\\d{1,15},-?\\d{1,3}\\.\\d{1,15}",
  ].join("|")})`,
  "gu",
)

// ---- addresses

const OF = "(?: ?ی)? "
const WAY = "(?:خیابان|خ\\.|بلوار|بل\\.|بزرگراه|اتوبان|جاده|میدان|فلکه|شهرک|محله|کوی|چهارراه|سه ?راه)"
const LANE = "(?:کوچه|ک\\.|بن ?بست|کوی)"
/** A name of up to four words, or a number. */
const NAME = "(?:\\p{L}{2,20}|\\d{1,4})(?: (?!پلاک|واحد|طبقه|کوچه|بن)(?:\\p{L}{2,20}|\\d{1,4})){0,3}"
const GAP = "[ ،,.:\\-–\\n]{1,3}"
const HOUSE = "(?:پلاک|پ\\.|شماره|واحد|طبقه|زنگ|بلوک|منزل)"
const NUMBER = "(?:\\d{1,4}(?:/\\d{1,3})?(?![\\d/]))"
/** Also in words, where a street stands beside it. */
const COUNT = `(?:${NUMBER}|(?:یک|دو|سه|چهار|پنج|شش|هفت|هشت|نه|ده|یکم|اول|دوم|سوم|چهارم|پنجم|ششم)(?!\\p{L}))`

const STREETS = "(?:street|st|alley|avenue|ave|road|rd|lane|boulevard|blvd|square|sq|dead end|kuche|koocheh|khiaban)"
/** A word of a street's name, and no word of a sentence. */
const PROPER =
  "(?!(?:in|on|at|of|to|the|from|for|by|and|or|a|an|this|that|their|our|my|his|her|more|other|people|persons|men|women|cars|times|days|shops|houses|trees|cases|files|years|hours|months)\\b)\\p{L}[\\p{L}'’-]{1,20}\\.?"

export const STREET_ADDRESSES = new RegExp(
  `(?=[\\d#اخبجزمفشکسچپطوabdfklnprs])(?:${[
    // A way, then the lane in it, and perhaps the door.
    `(?<!\\p{L})(?:${WAY}|خ(?= ))${OF}?${NAME}${GAP}(?:${NAME}${GAP})?(?:${LANE}|ک(?= ))${OF}?(?!هم |را |ها )${NAME}(?:${GAP}(?:${HOUSE}|پ(?=[ :]))${OF}?:? ?${COUNT}){0,3}`,
    // The door, then the lane.
    `(?<!\\p{L})(?:پلاک|زنگ|منزل|واحد)(?: ?ی)?:? ?${COUNT}${GAP}${LANE}${OF}?(?!هم |را |ها )${NAME}`,
    // A way or a lane, then the door.
    `(?<!\\p{L})(?:${WAY}|${LANE})${OF}?${NAME}${GAP}(?:${HOUSE}(?: ?ی)?:? ?${COUNT}${GAP}){0,2}(?:(?:پلاک|پ\\.|زنگ|منزل)(?: ?ی)?:? ?${COUNT}|شماره(?: ?ی)?:? ?${NUMBER}${GAP}(?:واحد|طبقه|زنگ)(?: ?ی)? ${COUNT})`,
    word(`${LANE}${OF}(?:\\d{1,3}(?!\\d)|شهید \\p{L}{2,20}(?: \\p{L}{2,20})?)`),
    // A plate with a letter in it, or of a vehicle, is found by another rule.
    `(?<!\\p{L})پلاک(?: ?ی)?:? ?${NUMBER}(?! ?(?:الف|[ابپتثجدزژسشصطعفقکگلمنوهی])[ -]?\\d)(?! ?(?:ثبتی|خودرو|ماشین|نفر|مورد))`,
    `(?<!\\p{L})طبقه(?: ?ی)? (?:${NUMBER}|\\p{L}{2,8})${GAP}واحد(?: ?ی)?:? ?${NUMBER}`,
    `(?<!\\p{L})واحد(?: ?ی)?:? ?${NUMBER}${GAP}طبقه(?: ?ی)? (?:${NUMBER}|\\p{L}{2,8})`,
    `\\b(?:no\\.?|number|plate|plaque|#) ?\\d{1,4}[ ,]{1,2}(?:${PROPER}[ ,]{1,2}){1,4}${STREETS}\\b`,
    `(?<![\\d.,/-])\\b\\d{1,4},? (?:${PROPER} ){1,3}${STREETS}\\b`,
    `\\b${STREETS}\\.?,? {0,2}(?:${PROPER},? ){0,3}(?:no\\.?|number|plate|#) ?\\d{1,4}\\b`,
    `\\b(?:flat|apartment|apt\\.?) ?(?:no\\.? ?|number |# ?)?\\d{1,4}\\b`,
  ].join("|")})`,
  "gu",
)
