-- The requests of one load. Arguments: file of targets, kind, spread, milliseconds between two requests of a connection.
-- The file: host, then the ids of patients separated by spaces, then one access token a line.

local tokens, ids, cumulative = {}, {}, nil
local kind, host, pause
local random = math.random

local HEADS = {
  get = "GET /v1/patients/%s HTTP/1.1\r\n",
  list = "GET /v1/patients?limit=25 HTTP/1.1\r\n",
  search = "POST /v1/patients/search HTTP/1.1\r\n",
  create = "POST /v1/patients HTTP/1.1\r\n",
}

local WORDS = { "mar", "jean", "le g", "dupont", "eloise", "ber", "sophie", "mart" }

local function body()
  if kind == "search" then
    return string.format('{"name":"%s","limit":25}', WORDS[random(#WORDS)])
  end
  return string.format('{"profileStatus":"complete","givenNames":"Zoé","familyName":"Zz%d","birthDate":"1987-04-23","phone":"+336%08d"}', random(99999), random(99999999))
end

function init(args)
  local lines = io.lines(args[1])
  host = lines()
  for id in lines():gmatch("%S+") do ids[#ids + 1] = id end
  for line in lines do tokens[#tokens + 1] = line end
  kind = args[2]
  pause = tonumber(args[4])
  math.randomseed(tonumber(args[5]))
  if args[3] == "zipf" then
    local sum = 0
    cumulative = {}
    for i = 1, #tokens do
      sum = sum + 1 / i ^ 1.1
      cumulative[i] = sum
    end
  end
  if pause > 0 then
    delay = function() return math.floor(pause * (0.5 + random())) end
  end
end

local function pick()
  if not cumulative then return tokens[random(#tokens)] end
  local wanted = random() * cumulative[#cumulative]
  local low, high = 1, #cumulative
  while low < high do
    local middle = math.floor((low + high) / 2)
    if cumulative[middle] < wanted then low = middle + 1 else high = middle end
  end
  return tokens[low]
end

function request()
  local head = HEADS[kind]
  if kind == "get" then head = head:format(ids[random(#ids)]) end
  head = head .. "Host: " .. host .. "\r\nAuthorization: Bearer " .. pick() .. "\r\n"
  if kind == "get" or kind == "list" then return head .. "\r\n" end
  local content = body()
  return head .. "Content-Type: application/json\r\nContent-Length: " .. #content .. "\r\n\r\n" .. content
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(90) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
