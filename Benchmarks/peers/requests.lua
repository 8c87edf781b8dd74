-- SPDX-License-Identifier: Apache-2.0
-- The requests of `Scripts/bench peers`, for wrk: `wrk … -s requests.lua URL -- KIND FILE-OR-PREFIX`.
-- Every request is built before the run or from three pieces, so that the load generator costs little.
local requests, count, position = {}, 0, 0
local kind, head, tail

local function post(path, body)
   return wrk.format("POST", path, { ["Content-Type"] = "application/json" }, body)
end

function init(arguments)
   kind = arguments[1]
   local base = "/_allauth/app/v1/auth/"
   if kind == "sign-up" then
      -- All bodies have the same length: the number has nine digits.
      local mark = "123456789"
      local text = post(base .. "signup", string.format(
         '{"email":"%s-%s@example.org","password":"correct horse 17 battery"}', arguments[2], mark))
      local from, to = text:find(mark, 1, true)
      head, tail = text:sub(1, from - 1), text:sub(to + 1)
      return
   end
   for line in io.lines(arguments[2]) do
      count = count + 1
      if kind == "session" then
         requests[count] = wrk.format("GET", base .. "session", { ["X-Session-Token"] = line })
      else
         requests[count] = post(base .. "login", string.format(
            '{"email":"%s","password":"correct horse 17 battery"}', line))
      end
   end
end

function request()
   position = position + 1
   if kind == "sign-up" then return head .. string.format("%09d", position) .. tail end
   return requests[position % count + 1]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"count":%d,"seconds":%.6f,"failed":%d,"median":%.3f,"late":%.3f}\n',
      summary.requests, summary.duration / 1e6,
      errors.status + errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
