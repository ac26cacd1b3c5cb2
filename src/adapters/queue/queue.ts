/** Where a text waits durably for a function to take it; SQS on AWS. */
export interface Queue {
  /** What people call it, for messages about it. */
  readonly name: string;
  /**
   * Durable when this returns. The same text may arrive more than once, and out of order.
   * @throws BackoutError E_QUEUE when it was not taken, or nobody can tell (retryable)
   * @throws BackoutError E_QUEUE_SIZE when no try can ever bring it in
   */
  put(text: string, signal: AbortSignal): Promise<void>;
}
