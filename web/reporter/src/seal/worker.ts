// What a worker runs. It is built into a file of its own (build/build.mjs), and no page imports it.

import { playRole, type End } from "./roles"

const self = globalThis as unknown as End & { close(): void }

playRole(self, () => self.close())
