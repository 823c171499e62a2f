-- What wrk measured, for a program to read; times are microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"answers":%d,"refused":%d,"broken":%d,"duration":%d,"p50":%d,"p99":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
