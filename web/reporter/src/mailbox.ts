// Coming back with a code: what the status page needs beside reporter.ts. A page of its own, so that whoever reports
// does not load it.

export {
  followUpBytesLeft,
  openMailbox,
  prepareFollowUp,
  refreshMailbox,
  type AuthenticReply,
  type Mailbox,
  type MailboxMessage,
  type MailboxProgress,
  type OwnMessage,
  type ReceivedFile,
  type UnbelievedReply,
} from "./reporter/mailbox"
export type { Warning } from "./verify/thread"
