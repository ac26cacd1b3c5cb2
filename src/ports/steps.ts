/**
 * What a flow of hours is made of. The same flow runs as a durable function, in an Action, on a
 * laptop and in a test: whoever runs it brings these. Between the calls a flow may compute, but not
 * look at the time, at chance or at anything outside: after an interruption it is played again.
 */
export interface Steps {
  /** Milliseconds since 1970; the same at this place when the flow is played again. */
  now(): Promise<number>;
  /**
   * Does the work and keeps its result: played again, it is not done twice once it ended. An
   * interruption in the middle does it again, so the work must bear that.
   * @param name unique within the flow
   * @throws what the work throws
   */
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Waits without costing anything. @param name unique within the flow */
  sleep(name: string, ms: number): Promise<void>;
}
