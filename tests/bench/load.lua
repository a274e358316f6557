-- What wrk sends: GET with the tokens of a file in turn. Arguments: the file, how many of its tokens, and optionally
-- the pause before each request in milliseconds and more headers ("name: value").
--
-- Writes one line of JSON at the end: requests, microseconds, errors, latencies in microseconds.

local requests, turn, pause = {}, 0, nil

function init(args)
  local path, count = args[1], tonumber(args[2])
  pause = tonumber(args[3])
  for i = 4, #args do
    local name, value = args[i]:match("^([^:]+): (.+)$")
    wrk.headers[name] = value
  end
  for token in io.lines(path) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format("GET")
    if #requests == count then break end
  end
  assert(#requests == count, path .. " has fewer tokens")
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function delay()
  return pause or 0
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
