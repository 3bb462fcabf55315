// Home, and every page where nothing is typed: doors lead into the report page, and what the office says of itself is
// filled in.

import { armExit, exit } from "./parts/exit"
import { carryFragment, loadOffice, loadScript, watchFragment } from "./parts/office"
import { reasonOf, showProblem } from "./parts/problem"
import { beginVisit } from "./parts/visit"

armExit()
if (beginVisit(null)) begin()
else exit()

function begin(): void {
  // Which door was chosen goes along in the fragment; the report page takes it out of the address at once.
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-door]")) link.hash = `door=${link.dataset["door"]}`
  carryFragment()
  watchFragment(() => true)
  loadOffice(async () => (await loadScript(() => import("../reporter/office-shown"))).loadShownProfile).catch((error: unknown) =>
    showProblem(reasonOf(error)),
  )
}
