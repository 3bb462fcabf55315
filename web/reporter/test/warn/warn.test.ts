import assert from "node:assert/strict"
import { test } from "node:test"
import { warn, type Reason } from "../../src/warn"

/** What is found in an example, as "reason" or as nothing. */
const reasons = (text: string): Reason[] => warn(text).map((finding) => finding.reason)

/** Each reason: texts in which it must be found, and texts in which nothing of the kind may be. */
// prettier-ignore
const EXAMPLES: Record<Reason, { found: string[]; silent: string[] }> = {
  "mobile-number": {
    found: [
      "شمارهٔ من ۰۹۱۲۳۴۵۶۷۸۹ است", "به 09123456789 زنگ بزنید", "٠٩١٢٣٤٥٦٧٨٩", "0912 345 6789", "۰۹۱۲-۳۴۵-۶۷۸۹", "0912.345.67.89",
      "+989123456789", "+98 912 345 6789", "00989123456789", "0098-912-3456789", "+98 (0) 912 345 6789", "تماس:۰۹۳۵۱۲۳۴۵۶۷.",
      "call me at 0936 123 45 67", "9121234567", "‎0912‌3456789", "شماره۰۹۹۰۱۲۳۴۵۶۷را یادداشت کنید", "۰ ۹ ۱ ۲ ۳ ۴ ۵ ۶ ۷ ۸ ۹",
    ],
    silent: [
      "مبلغ 9123456789 ریال گرفت", "9121234567 تومان", "در سال ۱۳۹۹ و ۱۴۰۰", "۰۹۱۲ نفر", "سریال 1091234567891234", "1,091,234,567",
      "0912345678 (یک رقم کم)", "091234567890 یک رقم زیاد", "version 0.9.1.2", "ماده ۹ بند ۱۲۳", "09:12 صبح آمد",
    ],
  },
  landline: {
    found: [
      "۰۲۱-۸۸۷۷۶۶۵۵", "02188776655", "(021) 8877 6655", "+98 21 88776655", "0098 31 3222 1100", "دفتر ۰۵۱ ۳۲۲۲ ۱۱۰۰", "تلفن: ۸۸۷۷۶۶۵۵",
      "شماره تماس 3322-1100", "phone 88776655", "تلفن داخلی ۱۲۳", "داخلی: ۴۵۶", "extension 4321",
    ],
    silent: [
      "۱۲۳۴۵۶۷۸ ریال", "بازرسی داخلی ۳ بار آمد", "در ۸ روز ۱۲۳۴ نفر", "کد ۰۰۱۲۳۴۵۶۷۸", "۰۲۱ کد تهران است", "تلفن مرا جواب نداد",
      "تلفن زدند و ۱۲۳۴۵۶۷۸۹۰۱۲ گفتند", "02 18 رقم", "20211234567", "شماره ۰۱۲",
    ],
  },
  "national-number": {
    found: [
      "0012345679", "۰۰۱۲۳۴۵۶۷۹", "کد ملی من ۱۱۱۱۱۱۱۱۱۱", "کدملی: 12345678", "شماره ملی ۰۰۱-۲۳۴۵۶۷-۹", "001-234567-9", "national id: 0012345679",
      "national number 1234567890", "٠٠١٢٣٤٥٦٧٩", "او (0012345679) گفت", "کد ملیِ او 001 234 5679",
    ],
    silent: [
      "0012345678", "1234567890", "1111111111", "مبلغ ۰۰۱۲۳۴۵۶۷۹", "0012345679 ریال", "10012345679", "00123456790", "0012345679,000",
      "1500000000", "قانون ملی ۱۲", "12345679",
    ],
  },
  "bank-card": {
    found: [
      "6037991234567893", "۶۰۳۷۹۹۱۲۳۴۵۶۷۸۹۳", "6037 9912 3456 7893", "6037-9912-3456-7893", "کارت:6037.9912.3456.7893", "به کارت ۶۰۳۷ ۹۹۱۲ ۳۴۵۶ ۷۸۹۳ واریز شد",
      "card 4111111111111111", "٦٠٣٧٩٩١٢٣٤٥٦٧٨٩٣", "(5022291012345672)",
      "6104 3378 1234 5674",
    ],
    silent: [
      "6037991234567894", "1234567890123456", "0000000000000000", "60379912345678930", "6037 9912 34567893", "6037991234567893.50",
      "کد رهگیری ۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶", "۶۰۳۷ نفر و ۹۹۱۲ مورد", "16037991234567893", "6037,991,234,567,893",
    ],
  },
  iban: {
    found: [
      "IR062960000000100324200001", "ir06 2960 0000 0010 0324 2000 01", "IR۰۶۲۹۶۰۰۰۰۰۰۰۱۰۰۳۲۴۲۰۰۰۰۱", "شبا: 062960000000100324200001", "شماره شبای او IR06-2960-0000-0010-0324-2000-01",
      "شماره حساب ۰۱۰۰۳۲۴۲۰۰۰۰۱", "account number 0100324200001", "به (IR062960000000100324200001) بریزید", "شماره حساب من: 123-456-7890123-1",
      "شماره‌ی حساب ۱۲۳۴۵۶۷۸۹",
    ],
    silent: [
      "IR072960000000100324200001", "IR06296000000010032420000", "حساب کردم ۱۲۳۴۵۶۷۸۹", "حساب‌وکتاب ۱۲ روز", "IR 123", "شبانه ۲۴ ساعت", "account for 3 years",
      "062960000000100324200001", "در شبا اشتباه نوشت", "شماره حساب نداد",
    ],
  },
  "e-mail": {
    found: [
      "ali.rezaei@example.com", "ALI@EXAMPLE.IR", "ایمیل من ali_r@gmail.comاست", "a+b@sub.example.co.uk", "<x-y@mail.ir>", "ali (at) gmail.com", "ali[at]gmail[dot]com",
      "mailto:someone@office.gov.ir", "name@example.org,", "ایمیل:۱ali99@yahoo.com",
    ],
    silent: ["a @ b", "ساعت @ محل", "foo@bar", "@", "۵@۶", "قیمت هر عدد @ ۱۲۰۰", "me at home dot", "a@b.c", "user@", "@."],
  },
  "web-address": {
    found: [
      "https://drive.google.com/file/d/abc", "http://192.168.1.1/x", "www.example.ir", "t.me/someone", "instagram.com/ali", "ببینید: https://example.ir/گزارش؟", "@ali_rezaei", "کانال @shahr_news را",
      "sub.office.gov.ir", "bit.ly.com/x",
    ],
    silent: ["و.غیره", "۱.۲.۳", "بند ۳.الف", "e.g. this", "فایل report.pdf", "1.5 km", "مثلا.ولی", "وب‌سایت شهرداری", "irir", "company"],
  },
  "vehicle-plate": {
    found: [
      "۱۲ ب ۳۴۵ ایران ۶۷", "12ب345 ایران 67", "۱۲ب۳۴۵-۶۷", "ایران ۶۷ - ۳۴۵ ب ۱۲", "ایران ۶۷ ۱۲ب۳۴۵", "12 الف 345 - ایران 11", "پلاک ۱۲ب۳۴۵", "پلاک: 44 ط 671 ایران 10",
      "خودرو با پلاک ۲۲د۸۱۱ ایران ۹۹", "١٢ ب ٣٤٥ ايران ٦٧", "12ل34599",
    ],
    silent: [
      "پلاک ۱۲ کوچهٔ ب", "بندهای ۱۲ و ۳۴۵ از ۶۷ مورد", "ایران ۸۵ میلیون نفر", "۱۲ ب", "۱۲ یا ۳۴۵", "طبقه ۱۲ واحد ۳۴۵", "ماده ۱۲ و ۳۴۵", "ایران ۲۰۲۴",
      "۱۲ م مکعب", "در ایران ۱۲ سال و ۱۰۰ روز",
    ],
  },
  "file-number": {
    found: [
      "شماره پرونده ۱۴۰۲/۱۲۳۴", "شمارهٔ پروندهٔ من ۹۸۱۲۳۴", "پرونده شماره 12345", "نامه‌ی شماره ۱۲/۳۴۵", "کلاسه پرونده ۹۸۰۹۹۸۲۱", "به شماره نامه ۲۱۳/الف/۱۴۰۱", "کد رهگیری: 1234567",
      "دادنامه شماره 140012390001", "پرونده ۱۴۰۱/۲۲۳", "case number 2023-118", "File No. AB/2211", "tracking id 998877", "شماره درخواست: ۵۵۶۶۷۷", "قرارداد به شماره ۱۲-۳۴۵",
      "شماره پرونده‌ام 4455", "پروندهٔ بنده به شماره ۸۸۱۱",
    ],
    silent: [
      "پرونده ۲ نفر را بستند", "سه نامه نوشتم", "پرونده را ۱۲۰ روز نگه داشتند", "کلاسه ندارد", "نامه‌ها گم شد", "case 3 is worse", "file a complaint", "درخواست ۵ میلیون تومان کرد",
      "قرارداد ۲۰۰ میلیونی", "شماره پرونده را نمی‌دانم", "contract for 2023", "نامه ۳ صفحه بود",
    ],
  },
  "only-i-knew": {
    found: [
      "فقط من می‌دانستم", "فقط من ميدانستم", "تنها من از این موضوع خبر داشتم", "فقط خودم دیدم", "به جز من کسی نبود", "بجز من هیچ‌کس خبر نداشت", "هیچ کس جز من نمی‌دانست",
      "من تنها کسی بودم که", "تنها کسی که خبر داشت من بودم", "تنها شاهد هستم", "غیر از من کسی آنجا نبود", "فقط بین من و او بود", "فقط به من گفت", "تنها کسی که در اتاق بود و دیدم",
      "only I knew", "I was the only one who saw it", "I am the only witness", "nobody except me knew", "no one else knew about it", "the only person in the room was me", "apart from me nobody saw it",
      "فقط من در جریان بودم", "کسی به غیر از من نمی‌دانست",
    ],
    silent: [
      "فقط من نیستم که ناراضی‌ام", "من فقط می‌دانم که پول گرفت", "تنها کسی که پول می‌گرفت رئیس اداره بود", "فقط مدیر می‌دانست", "همه می‌دانستند", "به جز رئیس کسی نبود", "من تنها نبودم", "منطقه تنها پارک را بست",
      "only the manager knew", "I only know that he asked", "everyone else knew", "the only way is this", "فقط منشی می‌دانست", "هیچ کس نمی‌دانست",
    ],
  },
  "exact-time": {
    found: [
      "ساعت ۱۰ صبح", "ساعت ۱۰:۳۰", "در ۹:۱۵ آمد", "ساعت ده و نیم", "ساعت حدوداً ۱۱", "۱۴۰۲/۰۳/۱۵", "۱۴۰۲-۳-۵", "15/03/1402", "۱۵ خرداد", "پانزدهم خرداد ۱۴۰۲", "بیست و سوم آذر", "۲ دی‌ماه ۱۴۰۱",
      "مورخ ۹۹/۱۲/۰۵", "12 March 2024", "March 12th", "on 3 May 2023", "May 3rd", "at 10 am", "10:30 pm", "2024-05-06", "يكم مهر", "۱۳ آبان آمد", "9 o'clock",
    ],
    silent: [
      "خیابان ۱۵ خرداد", "میدان ۲۲ بهمن", "بیمارستان ۱۷ شهریور", "حدود خرداد ۱۴۰۲", "بهار ۱۴۰۲", "۲۴ ساعت معطل شدیم", "ساعت کاری اداره", "نسبت ۱:۲", "may 10 people know", "in March", "سه ساعت در صف",
      "ساعت ۳ در روز کار", "آیهٔ ۲:۱", "۱۴۰۲", "هر روز صبح", "1402/15", "اول مهربانی", "۵ مهرهٔ ماشین",
    ],
  },
  "self-reference": {
    found: [
      "اسم من علی است", "اسمم علی است", "نامم رضاست؛ نامم این است", "اینجانب فلانی", "من کارمند شهرداری هستم", "بنده حسابدار این اداره بودم", "کد پرسنلی ۱۲۳۴۵", "کد پرسنلی‌ام", "شماره شناسنامه ۱۲۳", "شماره دانشجویی: ۹۸۱۲۳۴",
      "کدپستی ۱۲۳۴۵۶۷۸۹۰", "متولد ۱۳۶۵", "آدرس من", "شغل من", "my name is Ali", "my employee number is", "I am an accountant at the office", "My address is 5 Azadi", "I work as a driver for them", "my national id",
      "من مسئول بایگانی هستم",
    ],
    silent: [
      "اسم او را نمی‌دانم", "نام اداره را نوشتم", "من خیلی ناراحت هستم", "من از کارمند پرسیدم", "کارمند شهرداری پول خواست", "نامه من رسید", "به نام خدا", "کد پرسنلی او را ندیدم", "their name is on the door", "I am afraid of him",
      "I am an honest man", "متولدین شهر", "نامردی کرد", "he is an accountant", "the address is wrong",
    ],
  },
}

for (const [reason, { found, silent }] of Object.entries(EXAMPLES) as [Reason, { found: string[]; silent: string[] }][]) {
  for (const text of found) {
    test(`${reason}: ${text}`, () => assert.ok(reasons(text).includes(reason), `found ${reasons(text).join(", ") || "nothing"}`))
  }
  for (const text of silent) {
    test(`not ${reason}: ${text}`, () => assert.ok(!reasons(text).includes(reason)))
  }
}

test("an ordinary report is left alone", () => {
  const reports = [
    "در واحد صدور پروانهٔ منطقهٔ ۵، از اواخر سال گذشته برای هر پرونده پول می‌خواهند. اگر ندهید، پرونده ماه‌ها می‌ماند. کارمند باجه می‌گوید «حق چای» است. چند نفر از مردم محله هم همین را گفته‌اند. " +
      "معمولاً بین ۵ تا ۱۰ میلیون تومان می‌گیرند. می‌توانید فهرست پروانه‌های صادرشده در بهار ۱۴۰۲ را با نوبت‌ها مقایسه کنید.",
    "رئیس اداره بستگانش را بدون آزمون استخدام کرده است. دست‌کم سه نفر هستند و هر سه در طبقهٔ دوم کار می‌کنند. ماده ۲۳ قانون این را منع کرده است.",
    "The clerk at counter 3 asks for money to move applications forward. It has been going on since last spring. About twenty people wait every morning. Compare the dates of the permits in the register with the queue.",
  ]
  for (const report of reports) assert.deepEqual(warn(report), [], report)
})

test("offsets are those of the text as it was typed", () => {
  const text = "سلام‌\u200f  😀 شمارهٔ او ۰۹۱۲\u200c۳۴۵\u200c۶۷۸۹ است و ایمیلش Ali@Example.com"
  const marked = warn(text).map(({ start, end, reason }) => [reason, text.slice(start, end)])
  assert.deepEqual(marked, [
    ["mobile-number", "۰۹۱۲\u200c۳۴۵\u200c۶۷۸۹"],
    ["e-mail", "Ali@Example.com"],
  ])
})

test("findings are in order, inside the text, and do not overlap", () => {
  const text = Object.values(EXAMPLES)
    .flatMap(({ found, silent }) => [...found, ...silent])
    .join(" . ")
    .repeat(3)
  let before = 0
  for (const { start, end } of warn(text)) {
    assert.ok(start >= before && end > start && end <= text.length)
    before = end
  }
})

test("any text at all is taken", () => {
  let seed = 7
  const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below
  const signs = [
    "\ud800",
    "\udfff",
    "\0",
    "ا",
    "۹",
    "9",
    "0",
    "@",
    ".",
    "\u200c",
    "\n",
    "IR",
    "من",
    " ",
    "ـ",
    "ً",
    "/",
    ":",
    "ایران",
    "ساعت",
    "+98",
  ]
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random(60) }, () => signs[random(signs.length)]).join("")
    for (const { start, end } of warn(text)) assert.ok(start >= 0 && start < end && end <= text.length)
  }
})

test("the time grows with the text, not with its malice", () => {
  const MEBIBYTE = 1024 * 1024
  const seeds = [
    "0",
    "9",
    "09",
    "0 9 ",
    "1-",
    "6037 9912 ",
    "IR",
    "IR0",
    "a",
    "a.",
    "a@",
    "a@a.",
    "aa@a.a.a.a",
    "www.",
    "http://",
    "/",
    "12ب",
    "ایران ",
    "شماره پرونده ",
    "شماره ",
    "تنها کسی که ",
    "فقط من ",
    "ساعت ",
    ":",
    "10:",
    "1402/",
    "۱۵ ",
    "i was ",
    "only ",
    "no one ",
    "nobody in ",
    "the only one ",
    "من کارمند ",
    "کد پرسنلی ",
    "\u200c",
    "ـ",
    " ",
    "\n",
    "متولد ",
    "+98",
    "(at) ",
    "به جز من و ",
    "case ",
    "my ",
    "0012345679",
    "شبا ",
    "شماره حساب ",
    "تلفن ",
    "داخلی ",
    "\u064b",
    "😀",
    "\ud800",
    "i am a a ",
    "هیچ کس ",
    "(",
    "[at]",
    "a[at]a[dot]",
  ]
  for (const seed of seeds) {
    const text = seed.repeat(Math.ceil(MEBIBYTE / seed.length))
    const began = performance.now()
    warn(text)
    const took_ms = performance.now() - began
    assert.ok(took_ms < 10_000, `${JSON.stringify(seed)} took ${Math.round(took_ms)} ms`)
  }
})
