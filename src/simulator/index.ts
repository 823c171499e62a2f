// The public interface of the simulator, for commands and tests.

export type { SimulatorClock } from './clock.ts'
export type { Fault } from './faults/faults.ts'
export { DECLARED_RATE_LIMITS, type RateLimit, type RateLimits, REFILLS, type Refill } from './rate-limits.ts'
export type { Counts, RecordedRequest } from './request-log.ts'
export { type ErrorShape, errorShapes } from './routes/error-shapes.ts'
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts'
export { DEMO_USER, type SimulatorTenant, type SimulatorUser } from './users.ts'
