import { createProxyServer } from 'httpxy'
import { serve } from './by-agent.js'

serve(createProxyServer)
