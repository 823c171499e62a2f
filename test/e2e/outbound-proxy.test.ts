import t from 'tap'
import { startOutbound } from '../support/outbound.ts'
import { checkOutbound } from '../support/outbound-checks.ts'

checkOutbound(t, startOutbound)
