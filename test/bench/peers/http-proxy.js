import httpProxy from 'http-proxy'
import { serve } from './by-agent.js'

serve(options => httpProxy.createProxyServer(options))
