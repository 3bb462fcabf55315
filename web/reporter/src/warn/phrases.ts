// Words by which people give themselves away, in folded spelling (see fold.ts): Persian ی and ک, no vowel signs, ا for آ,
// a space for the zero-width non-joiner, small Latin letters, ASCII digits.

/** A whole word or phrase: no letter on either side. For expressions with the `u` flag. */
export function word(pattern: string): string {
  return `(?<!\\p{L})(?:${pattern})(?!\\p{L})`
}

const ME = "(?:خود ?من|خودم|من|بنده|اینجانب)"
/** Up to so many letters of the same sentence. */
const upTo = (letters: number): string => `[^.!?؟؛\\n]{0,${letters}}?`

// ---- file numbers

const FILE =
  "(?:پرونده|نامه|کلاسه|بایگانی|دادنامه|ابلاغیه|ابلاغ|احضاریه|حکم|قرارداد|مناقصه|مزایده|درخواست|تقاضا|شکایت|سند|پروانه|مجوز|نوبت|اندیکاتور|دبیرخانه|ثبت|پیگیری|رهگیری|قبض|فیش|چک|پلاک ثبتی)"
const NUMBER = "(?:شماره|ش\\.|کد|به شماره)"
/** At least three signs, the first and the last a digit or a letter among digits: 1402/123, 98-12345, 140012345. */
const LONG = "\\d(?:[\\d/\\-._]|[ابپتجدرسصطعفقکلمنهی](?=[/\\-\\d])){1,30}\\d"
const OF = "(?: ?(?:ی|های|ام))?(?: (?:من|بنده|ما|اینجانب|خودم|مذکور|مربوطه?))?"

export const FILE_NUMBERS = new RegExp(
  `(?<!\\p{L})${NUMBER}(?: ?ی)? ?(?:ی )?${FILE}${OF}(?: من)?[ :#=()-]{0,4}(?:\\p{L}[/-])?${LONG}|` +
    `(?<!\\p{L})${FILE}${OF}[ ،(]{0,2}(?:ای )?(?:با |به |و )?(?:شماره|ش\\.|کد)(?: ?ی)?(?: (?:ثبت|بایگانی))?[ :#=()-]{0,4}${LONG}|` +
    // Without the word for number only what cannot be a count: a slash inside, or six digits and more.
    `(?<!\\p{L})(?:کلاسه|کلاسه پرونده|پرونده|نامه|دادنامه)${OF}[ :#=()-]{1,4}(?:\\d{1,10}[/-]\\d[\\d/-]{0,20}|\\d{6,20})(?![\\d.,])(?! ?(?:ریال|تومان|تومن))|` +
    `(?<!\\p{L})(?:case|file|letter|contract|reference|ref|tracking|docket|application|permit|ticket|complaint|dossier|invoice)(?: (?:file|letter))? ?(?:number|num\\.?|no\\.?|id|#)[ :#=-]{0,4}(?:[a-z]{1,6}[ /-]?)?\\d[a-z\\d/._-]{1,30}`,
  "gu",
)

// ---- only I knew

const KNEW =
  "(?:می ?دانستم|می ?دونستم|می ?دانم|می ?دونم|میدانستم|میدونستم|میدانم|میدونم|خبر ?(?:داشتم|دارم)|باخبر (?:بودم|هستم)|با خبر (?:بودم|هستم)|اطلاع ?(?:داشتم|دارم)|مطلع ?(?:بودم|هستم)|در جریان ?(?:بودم|هستم)|شاهد ?(?:بودم|هستم|آن بودم|ان بودم)|دیدم|دیده ام|شنیدم|شنیده ام|حضور داشتم|حاضر بودم|انجا بودم|اونجا بودم|دسترسی ?(?:داشتم|دارم)|بلد(?:م| بودم))"
const NOBODY = "(?:هیچ ?کس|هیچ ?کسی|کسی|کس دیگری|کس دیگه ای|شخص دیگری|فرد دیگری|نفر دیگری|احدی|دیگری)"
const BUT = "(?:به ?جز|بجز|جز|به ?غیر از|غیر از|به ?غیر|سوای|مگر)"
const PERSON = "(?:کسی|کس|فردی|فرد|نفری|نفر|شخصی|شخص|شاهدی|شاهد|کارمندی|کارمند|همکاری|همکار)"

export const ONLY_I_KNEW = new RegExp(
  [
    `(?<!\\p{L})(?:فقط|تنها|صرفا) (?:و فقط )?${ME}(?!\\p{L})${upTo(40)}(?<!\\p{L})${KNEW}(?!\\p{L})`,
    `(?<!\\p{L})${BUT} (?:از )?${ME}(?: (?:و|هم) \\p{L}{1,20}){0,2} ?،? ?(?:هم )?${NOBODY}(?!\\p{L})`,
    `(?<!\\p{L})${NOBODY}${upTo(12)} ?${BUT} (?:از )?${ME}(?!\\p{L})`,
    `(?<!\\p{L})${ME} تنها ${PERSON}(?!\\p{L})`,
    `(?<!\\p{L})تنها ${PERSON} (?:بودم|هستم|ام)(?!\\p{L})`,
    `(?<!\\p{L})تنها ${PERSON} ?(?:ی )?که${upTo(60)}(?<!\\p{L})(?:${ME}(?: (?:بودم|هستم|ام))?|${KNEW})(?!\\p{L})`,
    `(?<!\\p{L})فقط بین (?:من|خودم|ما دو|ما دونفر|ما دو نفر)(?!\\p{L})`,
    `(?<!\\p{L})(?:محرمانه|خصوصی|در خلوت|به تنهایی) به (?:من|بنده|خودم) (?:گفت|گفتند|گفته|نشان|داد)`,
    `(?<!\\p{L})فقط به (?:من|خودم|بنده) (?:گفت|گفتند|گفته|نشان داد|داده|داد)`,
    `\\bonly (?:i|me|myself) (?:ever |had |have )?(?:knew|know|known|saw|seen|heard|access|witnessed)\\b`,
    `\\bi(?: am|'m| was|'ve been) the only (?:one|person|witness|employee|member|clerk|colleague)\\b`,
    `\\bthe only (?:one|person|witness|employee)[^.!?\\n]{0,60}? (?:is|was) (?:me|i|myself)\\b`,
    `\\b(?:no ?one|nobody|no-one|none)(?: else)?(?: in [^.!?\\n]{0,30}?)?(?: knew| knows| saw)? (?:but|except|besides|other than|apart from) (?:me|myself|i)\\b`,
    `\\b(?:apart from|besides|except for|other than) (?:me|myself)(?:,)? (?:no ?one|nobody|no-one)\\b`,
    `\\b(?:no ?one|nobody|no-one) else (?:knew|knows|saw|heard|was (?:there|present|in the room))\\b`,
    `\\b(?:he|she|they) (?:only )?told (?:only me|me alone|me in (?:private|confidence))\\b`,
  ].join("|"),
  "gu",
)

// ---- exact times

const MONTHS =
  "(?:فروردین|اردیبهشت|خرداد|تیر|مرداد|امرداد|شهریور|مهر|ابان|اذر|دی|بهمن|اسفند|ژانویه|فوریه|مارس|اوریل|اپریل|ژوین|ژوییه|جولای|اوت|اگوست|سپتامبر|اکتبر|نوامبر|دسامبر)"
const ORDINALS =
  "(?:یکم|اول|دوم|سوم|چهارم|پنجم|ششم|هفتم|هشتم|نهم|دهم|یازدهم|دوازدهم|سیزدهم|چهاردهم|پانزدهم|شانزدهم|هفدهم|هجدهم|نوزدهم|بیستم|بیست و (?:یکم|دوم|سوم|چهارم|پنجم|ششم|هفتم|هشتم|نهم)|سی ام|سی و یکم)"
const HOURS = "(?:یک|دو|سه|چهار|پنج|شش|هفت|هشت|نه|ده|یازده|دوازده)"
const ENGLISH_MONTHS =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
const DAY = "(?:3[01]|[12]\\d|0?[1-9])"

export const TIMES = new RegExp(
  [
    // A clock, not a ratio, a verse or a part of a longer number.
    "(?<![\\d:./])(?:[01]?\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d)?(?![\\d:/])(?: ?(?:am|pm)\\b)?",
    `(?<!\\p{L})ساعت(?: حدود(?:ا| ?ی)?)? ?(?:(?:[01]?\\d|2[0-4])(?![\\d.,/])|${HOURS}(?!\\p{L}))(?! ?(?:کار|بعد|در|اضافه|طول|معطل|منتظر)(?!\\p{L}))(?: و (?:نیم|ربع|\\d{1,2}(?: دقیقه)?))?(?: (?:صبح|ظهر|بعد از ظهر|عصر|شب|بامداد))?`,
    "(?<![\\d/.-])(?:1[34]|20|19)\\d\\d([/.-])(?:1[0-2]|0?[1-9])\\1" + DAY + "(?![\\d/-])",
    "(?<![\\d/.-])" + DAY + "([/.-])(?:1[0-2]|0?[1-9])\\2(?:1[34]|20|19)\\d\\d(?![\\d/-])",
    "(?<!\\p{L})(?:مورخ(?:ه)?|تاریخ|روز)[ :]{1,2}\\d{2}([/.-])(?:1[0-2]|0?[1-9])\\3" + DAY + "(?![\\d/-])",
    `(?<![\\d./])${DAY} ?(?:ام |م |امین روز )?${MONTHS}(?: ?ماه)?(?!\\p{L})(?:[ ،]{1,2}(?:سال )?(?:1[34]|20)?\\d\\d(?!\\d))?`,
    `(?<!\\p{L})${ORDINALS} ${MONTHS}(?: ?ماه)?(?!\\p{L})(?:[ ،]{1,2}(?:سال )?(?:1[34]|20)?\\d\\d(?!\\d))?`,
    `(?<![\\d.])\\b${DAY}(?:st|nd|rd|th)?(?: of)? ${ENGLISH_MONTHS}\\b(?:[ ,]{1,2}(?:20|19)\\d\\d\\b)?`,
    `\\b${ENGLISH_MONTHS}\\.? ${DAY}(?:st|nd|rd|th)?(?![\\d%])(?:[ ,]{1,2}(?:20|19)\\d\\d\\b)?`,
    `\\bmay ${DAY}(?:st|nd|rd|th|, (?:20|19)\\d\\d)\\b`,
    `(?<![\\d.])\\b${DAY}(?:st|nd|rd|th)?(?: of)? may(?: |, )(?:20|19)\\d\\d\\b`,
    "(?<![\\d.:])\\b(?:1[0-2]|[1-9]) ?(?:am|pm|a\\.m\\.|p\\.m\\.|o'clock)(?!\\p{L})",
  ].join("|"),
  "gu",
)

// ---- about oneself

const JOB =
  "(?:کارمند|کارشناس|مسیول|رییس|معاون|منشی|حسابدار|حسابرس|نگهبان|راننده|مهندس|پزشک|پرستار|ماما|پیمانکار|ناظر|متصدی|تحویلدار|بایگان|مدیر|سرپرست|معلم|دبیر|سرباز|کارگر|وکیل|مشاور|بازرس|ذیحساب|امین اموال|انباردار|مترجم|خبرنگار)"
const STAFF =
  "(?:پرسنلی|کارمندی|کارگزینی|استخدامی|مستخدم|دانشجویی|عضویت|نظام ?پزشکی|نظام ?پرستاری|نظام ?مهندسی|بیمه|بازنشستگی|شناسنامه|پاسپورت|گذرنامه|گواهینامه)"

export const SELF_REFERENCES = new RegExp(
  [
    `(?<!\\p{L})(?:اسمم|نامم|اسم من|نام من|نام بنده|اسم بنده|نام اینجانب|فامیلی? من|فامیلیم|نام خانوادگی ?(?:ام|من|بنده)|نام و نام خانوادگی ?(?:ام|من|بنده|اینجانب|:))(?!\\p{L})`,
    `(?<!\\p{L})اینجانب(?!\\p{L})`,
    `(?<!\\p{L})(?:من|بنده) (?:که )?(?:خودم )?(?:یک |یکی از )?(?:${JOB}|کارمندان|کارشناسان|کارکنان|پرسنل)(?: \\p{L}{2,20}){0,3}? (?:هستم|بودم|ام|می ?باشم)(?!\\p{L})`,
    `(?<!\\p{L})(?:شغل|سمت|پست سازمانی|محل کار|نشانی|ادرس|کد ?پستی|شماره(?: ?ی)?(?: تلفن| تماس| موبایل| همراه)?) ?(?:من|بنده|اینجانب)(?!\\p{L})`,
    `(?<!\\p{L})(?:شغلم|سمتم|ادرسم|نشانیم|منزلم|خانه ?ام|شماره ام) (?:در|این|واقع|توی|تو)(?!\\p{L})`,
    `(?<!\\p{L})(?:کد|شماره)(?: ?ی)? ?${STAFF}(?:(?: ?ام| ?م| من| بنده)(?!\\p{L}))?[^\\d\\p{L}\\n]{0,6}(?:\\p{L}{1,4} )?\\d[\\d-]{1,14}`,
    `(?<!\\p{L})(?:کد|شماره)(?: ?ی)? ?(?:پرسنلی|کارمندی|دانشجویی|شناسنامه)(?: ?ام| ?م| من| بنده)(?!\\p{L})`,
    `(?<!\\p{L})کد ?پستی[^\\d\\n]{0,10}\\d{5}[ -]?\\d{5}(?!\\d)`,
    `(?<!\\p{L})(?:من )?متولد(?:م| سال)? (?:سال )?(?:1[34])?\\d\\d(?!\\d)`,
    `\\bmy (?:full |last |first |family |sur)?name(?: is|'s|:)`,
    `\\bi(?: am|'m) called\\b|\\bi, the undersigned\\b`,
    `\\bmy (?:employee|staff|personnel|student|badge|membership|passport|licen[cs]e|phone|mobile|telephone|national)(?: id)? (?:number|no\\.?|code|id)\\b|\\bmy (?:staff|employee|badge|student) id\\b`,
    `\\bmy (?:home |email |e-mail |postal )?address is\\b|\\bmy (?:job|position|job title) is\\b|\\bi live (?:at|in|on) (?:number )?\\d`,
    `\\bi(?: am|'m| work as| was) (?:a|an|the) (?:\\p{L}{2,20} ){0,2}(?:employee|clerk|accountant|auditor|nurse|doctor|engineer|driver|guard|secretary|teacher|contractor|inspector|manager|supervisor|cashier|assistant|officer)\\b`,
  ].join("|"),
  "gu",
)
