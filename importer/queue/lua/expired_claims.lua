-- Returns the claims whose lease has lapsed, by Redis's own clock, each with its first job and for how many milliseconds
-- the lease has been over.
local now = redis.call('TIME')
local moment = now[1] * 1000 + math.floor(now[2] / 1000)
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[1], 0, moment, 'WITHSCORES')
local found = {}
for place = 1, #lapsed, 2 do
    local first = redis.call('LINDEX', ARGV[1] .. lapsed[place], 0)
    found[#found + 1] = {lapsed[place], first or '', moment - tonumber(lapsed[place + 1])}
end
return found
