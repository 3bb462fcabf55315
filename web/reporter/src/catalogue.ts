// The keys that text(…) takes in these pages: those of the Persian catalogue. The build holds the other languages to it.

import type persian from "../texts/fa.json"

type Persian = typeof persian

declare module "#shared/texts" {
  interface Catalogue extends Persian {}
}
